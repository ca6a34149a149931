import { describe, expect, it } from 'vitest';
import { Bank } from './bank.ts';
import { terminal } from './terminal.ts';

describe('a withdrawal', () => {
  it('that goes well is held, paid out and posted, and says where every step stands', () => {
    const { made, withdraw, result } = terminal();
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
    const { withdraw, last } = terminal();
    withdraw({ amount: '60' });
    expect(last()).toMatchObject({ state: 'AUTHORISED', amount: '60.00' });
  });

  it('for which there is no money is refused with the ledger’s code', () => {
    const { withdraw, last } = terminal();
    withdraw({ amount: '100.01' });
    expect(last()).toMatchObject({ state: 'REFUSED', code: 'INSUFFICIENT_FUNDS', taken: '0.00' });
  });

  it('comes again: the same is nothing, another is a conflict', () => {
    const { made, withdraw } = terminal();
    withdraw();
    withdraw();
    withdraw({ amount: '61.00' });
    expect(made.said.statuses()).toHaveLength(2);
    expect(made.said.refusals().map(({ code }) => code)).toEqual(['WITHDRAWAL_CONFLICT']);
  });

  it('whose limit is short is unknown at the first tick behind it, not before', () => {
    const { made, withdraw, last } = terminal({ answerWithinMs: 5_000 });
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
      const { made, withdraw, result, settleElsewhere } = terminal();
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

describe('an answer of the ledger that is lost', () => {
  it('to the hold is asked for again', () => {
    const { made, withdraw, last } = terminal();
    made.loses = 'ledger.outcomes';
    withdraw();
    expect(last()).toMatchObject({ state: 'REQUESTED' });
    made.loses = undefined;
    made.pass(60_000);
    made.settle();
    expect(last()!.history.map(({ event, state }) => `${event} ${state}`)).toEqual([
      'requested REQUESTED',
      'silence REQUESTED',
      'authorised AUTHORISED',
    ]);
    expect(made.said.balances().at(-1)!.balances).toMatchObject([{ held: '60.00' }]);
  });

  it('to the settlement is asked for again, and it is posted once', () => {
    const { made, withdraw, result, last } = terminal();
    withdraw();
    made.loses = 'ledger.outcomes';
    result('SUCCESS');
    made.loses = undefined;
    made.pass(60_000);
    made.settle();
    expect(last()).toMatchObject({ state: 'DISPENSED', taken: '60.00' });
    expect(made.said.transactions()).toHaveLength(2);
  });
});

describe('what is said of a withdrawal', () => {
  it('from two terminals stands under the first, in one order, and is one case', () => {
    const { made, withdraw, result } = terminal();
    result('FAIL', { terminalId: 'T2' });
    made.pass(300_000);
    made.settle();
    withdraw();
    expect(made.said.reports().map(({ terminalId, number, outcome }) => [terminalId, number, outcome])).toEqual([
      ['T2', 1, 'ORPHAN'],
      ['T2', 2, 'CONTRADICTION'],
    ]);
    expect(new Set(made.said.cases().map(({ caseId, terminalId }) => `${caseId} ${terminalId}`)).size).toBe(1);
  });

  it('before it comes is told each time that something new was said', () => {
    const { made, result } = terminal();
    result('FAIL');
    made.pass(300_000);
    made.settle();
    result('SUCCESS');
    made.pass(300_000);
    made.settle();
    expect(made.said.reports().map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/said FAIL$/),
      expect.stringMatching(/said FAIL, SUCCESS$/),
    ]);
  });

  it('by another terminal proves nothing', () => {
    const { made, withdraw, result } = terminal();
    withdraw();
    result('SUCCESS', { terminalId: 'T2' });
    expect(made.said.reports()).toMatchObject([{ outcome: 'CONTRADICTION', taken: '0.00', proven: '0.00' }]);
  });

  it('against a success carries the proof of the success', () => {
    const { made, withdraw, result } = terminal();
    withdraw();
    result('SUCCESS');
    result('FAIL');
    expect(made.said.reports()).toMatchObject([{ outcome: 'CONTRADICTION', taken: '0.00', proven: '60.00' }]);
    expect(made.said.cases().at(-1)).toMatchObject({ taken: '60.00', posted: '60.00' });
  });

  it('when all went well after all closes the case of its early results', () => {
    const { made, withdraw, result, last } = terminal();
    result('SUCCESS');
    made.pass(300_000);
    made.settle();
    withdraw();
    expect(last()).toMatchObject({ state: 'DISPENSED', taken: '60.00' });
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 'orphan', status: 'resolved', posted: '60.00' });
  });
});
