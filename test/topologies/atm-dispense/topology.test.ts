import { describe, expect, it } from 'vitest';
import type { LedgerCommand } from '../../../topologies/account-ledger/commands.ts';
import { Bank } from './bank.ts';

const CARD = '4111111111111111';

function bank(options: { answerWithinMs?: number } = {}) {
  const made = new Bank({ startTimeMs: Date.parse('2026-06-15T12:00:00Z'), ...options });
  const withdraw = (fields: Record<string, unknown> = {}) => {
    const value = {
      withdrawalId: 'w1',
      accountId: 'A',
      terminalId: 'T1',
      amount: '60.00',
      currency: 'EUR',
      requestedAt: '2026-06-15T12:00:00Z',
      ...fields,
    };
    made.send('atm', 'atm.withdrawals', String(value.withdrawalId), value);
    made.settle();
  };
  const result = (status: unknown, fields: Record<string, unknown> = {}, key = 'w1') => {
    const occurredAt = '2026-06-15T12:00:30Z';
    made.send('atm', 'atm.dispense-results', key, {
      withdrawalId: 'w1',
      terminalId: 'T1',
      status,
      occurredAt,
      ...fields,
    });
    made.settle();
  };
  /** Another system settles the hold before anybody here does. */
  const settleElsewhere = (take: string) => {
    const command: LedgerCommand = {
      commandId: 'elsewhere',
      requester: 'elsewhere',
      replyKey: 'x',
      accountId: 'A',
      action: 'settle',
      holdId: 'withdrawal:w1',
      take,
      occurredAt: '2026-06-15T12:00:00Z',
    };
    made.send('ledger', 'ledger.commands', 'A', command);
    made.settle();
  };
  const last = () => made.said.statuses().at(-1);
  made.deposit('A', '100.00');
  made.settle();
  return { made, withdraw, result, settleElsewhere, last };
}

describe('a withdrawal', () => {
  it('that goes well is held, paid out and posted, and says where every step stands', () => {
    const { made, withdraw, result } = bank();
    withdraw({ reference: 'R1' });
    result('DISPENSING');
    result('SUCCESS', { notes: [{ denomination: '20.00', count: 3 }] });
    const statuses = made.said.statuses();
    expect(statuses.map(({ state, version }) => `${version} ${state}`)).toEqual([
      '1 REQUESTED',
      '2 AUTHORISED',
      '3 DISPENSING',
      '4 DISPENSED',
      '5 DISPENSED',
    ]);
    expect(statuses.at(-1)).toMatchObject({ taken: '60.00', reversed: '0.00', accountId: 'A', reference: 'R1' });
    expect(statuses.at(-1)!.history.map(({ event, topic, offset }) => [event, topic, offset])).toEqual([
      ['requested', 'atm.withdrawals', 0],
      ['authorised', 'ledger.outcomes', 0],
      ['dispensing', 'atm.dispense-results', 0],
      ['success', 'atm.dispense-results', 1],
      ['posted', 'ledger.outcomes', 1],
    ]);
    expect(made.said.transactions().at(-1)).toMatchObject({
      transactionId: 'withdrawal:w1',
      counterparty: 'T1',
      channel: 'atm',
      reference: 'R1',
    });
    expect(made.said.reports()).toEqual([]);
  });

  it('is written with the decimals of its currency, however it came', () => {
    const { withdraw, last } = bank();
    withdraw({ amount: '60' });
    expect(last()).toMatchObject({ state: 'AUTHORISED', amount: '60.00' });
  });

  it('for which there is no money is refused with the ledger’s code', () => {
    const { withdraw, last } = bank();
    withdraw({ amount: '100.01' });
    expect(last()).toMatchObject({ state: 'REFUSED', code: 'INSUFFICIENT_FUNDS', taken: '0.00' });
  });

  it('comes again: the same is nothing, another is a conflict', () => {
    const { made, withdraw } = bank();
    withdraw();
    withdraw();
    withdraw({ amount: '61.00' });
    expect(made.said.statuses()).toHaveLength(2);
    expect(made.said.refusals().map(({ code }) => code)).toEqual(['WITHDRAWAL_CONFLICT']);
  });

  it('whose limit is short is unknown at the first tick behind it, not before', () => {
    const { made, withdraw, last } = bank({ answerWithinMs: 5_000 });
    withdraw();
    made.pass(4_999);
    made.settle();
    expect(last()).toMatchObject({ state: 'AUTHORISED' });
    made.pass(1);
    made.settle();
    expect(last()!.history.map(({ state }) => state)).toEqual(['REQUESTED', 'AUTHORISED', 'UNKNOWN', 'SUSPECT']);
  });

  it('is a person’s when another system has settled its hold: success, failure, and both', () => {
    for (const [words, event] of [
      [['SUCCESS'], 'post-refused'],
      [['FAIL'], 'suspected'],
      [['SUCCESS', 'FAIL'], 'post-refused'],
    ] as const) {
      const { made, withdraw, result, settleElsewhere } = bank();
      withdraw();
      settleElsewhere('10.00');
      for (const word of words) result(word);
      const status = made.said.statuses().at(-1)!;
      expect(status.state).toBe('SUSPECT');
      expect(status.history.map((each) => each.event)).toContain(event);
      expect(made.said.cases().at(-1)).toMatchObject({ kind: 'contradiction', status: 'open' });
      expect(made.said.balances().at(-1)!.balances).toMatchObject([{ booked: '90.00', held: '0.00' }]);
    }
  });

  it('reports a refused posting also when its case is open by then', () => {
    let holds = false;
    const made = new Bank({ startTimeMs: Date.parse('2026-06-15T12:00:00Z'), delivers: () => !holds });
    made.deposit('A', '100.00');
    made.settle();
    const say = (status: string) =>
      made.send('atm', 'atm.dispense-results', 'w1', {
        withdrawalId: 'w1',
        terminalId: 'T1',
        status,
        occurredAt: '2026-06-15T12:00:30Z',
      });
    const settlement = { withdrawalId: 'w1', taken: '0.00', reversed: '0.00', caseId: 'case:w1' };
    made.send('atm', 'atm.withdrawals', 'w1', {
      withdrawalId: 'w1',
      accountId: 'A',
      terminalId: 'T1',
      amount: '60.00',
      currency: 'EUR',
      requestedAt: '2026-06-15T12:00:00Z',
    });
    made.settle();
    holds = true;
    say('SUCCESS');
    made.send('atm', 'atm.settlements', 'w1', { ...settlement, state: 'SUSPECT', reason: 'counted' });
    made.send('atm', 'ledger.outcomes', 'w1', {
      requester: 'atm-dispense',
      replyKey: 'w1',
      action: 'settle',
      status: 'refused',
      code: 'BALANCE_OUT_OF_RANGE',
      reason: 'no room',
    });
    made.talk();
    const last = made.said.statuses().at(-1)!;
    expect(last.state).toBe('SUSPECT');
    expect(last.history.at(-1)).toMatchObject({ event: 'post-refused' });
    expect(made.said.reports()).toMatchObject([{ outcome: 'CONTRADICTION', isPosted: false, reason: 'no room' }]);
  });
});

describe('a result', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['TERMINAL_MISMATCH', 'SUCCESS', { terminalId: 'T2' }],
    ['CURRENCY_MISMATCH', 'SUCCESS', { currency: 'USD' }],
    ['TAKEN_EXCEEDS_WITHDRAWAL', 'PARTIAL', { taken: '60.01' }],
    ['TAKEN_CONTRADICTS_STATUS', 'SUCCESS', { taken: '59.99' }],
    ['TAKEN_CONTRADICTS_STATUS', 'PARTIAL', { taken: '60.00' }],
    ['TAKEN_CONTRADICTS_STATUS', 'PARTIAL', { taken: '0.00' }],
    ['TAKEN_CONTRADICTS_STATUS', 'FAIL', { taken: '0.01' }],
    ['TAKEN_CONTRADICTS_STATUS', 'PARTIAL', { taken: '1.234' }],
    ['NOTES_CONTRADICT_TAKEN', 'SUCCESS', { notes: [{ denomination: '50.00', count: 1 }] }],
    ['NOTES_CONTRADICT_TAKEN', 'FAIL', { notes: [{ denomination: '50.00', count: 1 }] }],
  ])('that the withdrawal excludes is refused and evidence: %s', (code, status, fields) => {
    const { made, withdraw, result, last } = bank();
    withdraw();
    result(status, fields);
    expect(last()).toMatchObject({ state: 'SUSPECT', reason: expect.stringContaining(code) });
    expect(made.said.refusals()).toMatchObject([{ code, withdrawalId: 'w1', source: { offset: 0 } }]);
    expect(made.said.reports()).toMatchObject([{ outcome: 'CONTRADICTION', number: 1 }]);
    expect(made.said.balances().at(-1)!.balances).toMatchObject([{ booked: '100.00', held: '60.00' }]);
  });

  it.each<[string, unknown, Record<string, unknown>]>([
    ['STATUS_UNKNOWN', 'success', {}],
    ['FIELD_INVALID', 7, {}],
    ['FIELD_MISSING', 'SUCCESS', { terminalId: null }],
    ['FIELD_INVALID', 'SUCCESS', { reason: '\ud800' }],
    ['TIME_INVALID', 'SUCCESS', { occurredAt: 'noon' }],
    ['TAKEN_INVALID', 'PARTIAL', {}],
    ['TAKEN_INVALID', 'PARTIAL', { taken: '-20.00' }],
    ['TAKEN_INVALID', 'PARTIAL', { taken: '1e3' }],
    ['NOTES_INVALID', 'SUCCESS', { notes: [{ denomination: '20.00', count: -3 }] }],
    ['NOTES_INVALID', 'SUCCESS', { notes: [{ denomination: '-20.00', count: 3 }] }],
    ['NOTES_INVALID', 'SUCCESS', { notes: 'three twenties' }],
    ['CARD_NUMBER', 'FAIL', { reason: `card ${CARD}` }],
    ['CARD_NUMBER', 'PARTIAL', { taken: CARD }],
    ['NOTES_INVALID', 'SUCCESS', { notes: [{ denomination: CARD, count: 1 }] }],
  ])('that is malformed is refused and moves nothing: %s', (code, status, fields) => {
    const { made, withdraw, result, last } = bank();
    withdraw();
    result(status, fields);
    const refusals = made.said.refusals();
    expect(refusals).toMatchObject([{ code }]);
    expect(JSON.stringify(refusals)).not.toContain(CARD);
    expect(last()).toMatchObject({ state: 'AUTHORISED' });
  });

  it('under another key than its withdrawal is refused', () => {
    const { made, withdraw, result } = bank();
    withdraw();
    result('SUCCESS', {}, 'w2');
    expect(made.said.refusals()).toMatchObject([{ code: 'KEY_MISMATCH' }]);
  });

  it('of a withdrawal that never comes becomes a case, which can only be dismissed', () => {
    const { made, result } = bank();
    result('SUCCESS');
    made.pass(300_000);
    made.settle();
    expect(made.said.reports()).toMatchObject([{ outcome: 'ORPHAN', accountId: '', terminalId: 'T1' }]);
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 'orphan', status: 'open', caseId: 'case:w1' });
  });

  it('in ever other words is taken sixteen times', () => {
    const { made, withdraw, result } = bank();
    withdraw();
    for (let i = 1; i <= 20; i++) result('PARTIAL', { taken: `${i}.00` });
    expect(made.said.refusals().map(({ code }) => code)).toEqual(Array(4).fill('TOO_MANY_RESULTS'));
    expect(made.said.cases().at(-1)!.status).toBe('open');
  });

  it.each<unknown>([null, 5, {}, { withdrawalId: '' }, { withdrawalId: 'x'.repeat(201) }])(
    'that can not be attributed goes to the dead letters: %j',
    (value) => {
      const { made } = bank();
      made.send('atm', 'atm.dispense-results', 'w1', value);
      made.settle();
      expect(made.systems.atm.counters.deadLetters).toBe(1);
    },
  );
});

describe('the form of a withdrawal', () => {
  it.each<[string, Record<string, unknown>]>([
    ['FIELD_MISSING', { accountId: undefined }],
    ['FIELD_INVALID', { terminalId: 'x'.repeat(201) }],
    ['CARD_NUMBER', { reference: CARD }],
    ['CARD_NUMBER', { amount: CARD }],
    ['TIME_INVALID', { requestedAt: '2026-06-15' }],
    ['CURRENCY_UNKNOWN', { currency: 'XXX' }],
    ['AMOUNT_INVALID', { amount: '-60.00' }],
    ['AMOUNT_INVALID', { amount: '0.00' }],
    ['AMOUNT_INVALID', { amount: '60.001' }],
    ['FIELD_INVALID', { amount: 60 }],
  ])('%s', (code, fields) => {
    const { made, withdraw } = bank();
    withdraw(fields);
    const refusals = made.said.refusals();
    expect(refusals).toMatchObject([{ code }]);
    expect(JSON.stringify(refusals)).not.toContain(CARD);
    expect(made.said.statuses()).toEqual([]);
  });
});
