import { describe, expect, it } from 'vitest';
import type { CaseCommand } from '../../../topologies/reconciliation/events.ts';
import { Bank } from '../atm-dispense/bank.ts';

const START = Date.parse('2026-06-15T12:00:00Z');
const CARD = '4111111111111111';

function bank(options: { crashes?: () => boolean } = {}) {
  const made = new Bank({ startTimeMs: START, answerWithinMs: 10_000, retryMs: 1_000, ...options });
  let commands = 0;
  const send = (topic: string, key: string, value: unknown) => {
    made.send('atm', topic, key, value);
    made.settle();
  };
  const withdraw = (withdrawalId = 'w1', amount = '60.00') =>
    send('atm.withdrawals', withdrawalId, {
      withdrawalId,
      accountId: 'A',
      terminalId: 'T1',
      amount,
      currency: 'EUR',
      requestedAt: '2026-06-15T12:00:00Z',
    });
  const result = (status: string, fields: Record<string, unknown> = {}, withdrawalId = 'w1') =>
    send('atm.dispense-results', withdrawalId, {
      withdrawalId,
      terminalId: 'T1',
      status,
      occurredAt: '2026-06-15T12:00:30Z',
      ...fields,
    });
  const command = (fields: Partial<Record<keyof CaseCommand, unknown>>, key = 'T1') => {
    commands += 1;
    const value = { commandId: `k${commands}`, caseId: 'case:w1', action: 'resolve', by: 'Ann', ...fields };
    made.send('reconciliation', 'reconciliation.commands', key, value);
    made.settle();
  };
  const silence = () => {
    made.pass(20_000);
    made.settle();
  };
  const decide = (decision: string, caseId = 'case:w1') => {
    command({ decision, caseId, by: 'Ann' });
    command({ decision, caseId, by: 'Bob' });
  };
  const money = () => {
    const [each] = made.said.balances().at(-1)!.balances;
    return [each!.booked, each!.held];
  };
  made.deposit('A', '100.00');
  made.settle();
  return { made, withdraw, result, command, decide, silence, money };
}

describe('a case', () => {
  it('of a silence is refunded by two persons, with a serial number, and its history tells everything', () => {
    const { made, withdraw, silence, command, money } = bank();
    withdraw();
    silence();
    command({ action: 'assign', to: 'Ann', by: 'Eve' });
    command({ decision: 'refund', by: 'Ann', note: 'the journal shows no notes' });
    command({ decision: 'refund', by: ' ANN' });
    command({ decision: 'refund', by: 'Bob' });
    const cases = made.said.cases();
    expect(cases.map(({ status, version }) => `${version} ${status}`)).toEqual([
      '1 open',
      '2 assigned',
      '3 proposed',
      '4 resolving',
      '5 resolved',
    ]);
    expect(made.said.refusedCommands()).toMatchObject([{ code: 'SAME_PERSON', commandId: 'k3', caseId: 'case:w1' }]);
    const last = cases.at(-1)!;
    expect(last).toMatchObject({
      kind: 'unknown-outcome',
      assignee: 'Ann',
      posted: '0.00',
      resolution: { decision: 'refund', persons: ['Ann', 'Bob'], moved: '60.00', serialNumber: 'R0-1' },
    });
    expect(last.history.map(({ event, topic, offset, by }) => [event, topic, offset, by])).toEqual([
      ['requested', 'atm.withdrawals', 0, undefined],
      ['authorised', 'ledger.outcomes', 0, undefined],
      ['silence', 'atm.timers', 0, undefined],
      ['reported UNKNOWN', 'atm.dispense.failed', 0, undefined],
      ['assigned to Ann', 'reconciliation.commands', 0, 'Eve'],
      ['proposed refund', 'reconciliation.commands', 1, 'Ann'],
      ['confirmed refund', 'reconciliation.commands', 3, 'Bob'],
      ['settled', 'ledger.outcomes', 1, undefined],
    ]);
    expect(money()).toEqual(['100.00', '0.00']);
    expect(made.said.statuses().at(-1)).toMatchObject({ state: 'RESOLVED', taken: '0.00', reversed: '60.00' });
  });

  it('of a reversal and a late success is re-debited; what is posted stays as it is', () => {
    const { made, withdraw, result, decide, money } = bank();
    withdraw();
    result('FAIL');
    result('SUCCESS');
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 're-debit', posted: '0.00', taken: '60.00' });
    decide('re-debit');
    expect(made.said.cases().at(-1)).toMatchObject({
      status: 'resolved',
      resolution: { moved: '-60.00' },
      posted: '60.00',
    });
    expect(made.said.transactions().at(-1)).toMatchObject({
      direction: 'debit',
      amount: '60.00',
      channel: 'atm',
      counterparty: 'T1',
      reference: 'w1',
      kind: 'posting',
    });
    expect(money()).toEqual(['40.00', '0.00']);
  });

  it('of a word against a success is refunded by a credit that carries the serial number', () => {
    const { made, withdraw, result, decide, money } = bank();
    for (const id of ['w1', 'w2']) {
      withdraw(id, '30.00');
      result('SUCCESS', {}, id);
      result('FAIL', {}, id);
      decide('refund', `case:${id}`);
    }
    const refunds = made.said
      .transactions()
      .filter(({ direction, channel }) => direction === 'credit' && channel === 'atm');
    expect(refunds.map(({ reference, amount }) => [reference, amount])).toEqual([
      ['R0-1', '30.00'],
      ['R0-2', '30.00'],
    ]);
    expect(money()).toEqual(['100.00', '0.00']);
  });

  it('is closed by a late clear word, and opened again by one that excludes it', () => {
    const { made, withdraw, silence, result } = bank();
    withdraw();
    silence();
    result('PARTIAL', { taken: '20.00' });
    expect(made.said.cases().at(-1)).toMatchObject({
      status: 'resolved',
      resolution: { decision: 'by-rule', persons: [], moved: '40.00' },
    });
    result('SUCCESS');
    const last = made.said.cases().at(-1)!;
    expect(last).toMatchObject({ caseId: 'case:w1', status: 'open', kind: 're-debit', posted: '20.00', version: 4 });
    expect(last.resolution).toBeUndefined();
  });

  it('of retracted notes waits for persons, whatever the terminal says then', () => {
    const { made, withdraw, result, decide, money } = bank();
    withdraw();
    result('RETRACTED', { taken: '20.00' });
    result('SUCCESS');
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 'retracted', status: 'open', taken: '60.00' });
    expect(money()).toEqual(['100.00', '60.00']);
    decide('re-debit');
    expect(money()).toEqual(['40.00', '0.00']);
  });

  it('can not be dismissed while money is held, and can when nothing is to be moved', () => {
    const { made, withdraw, silence, command, result } = bank();
    withdraw();
    silence();
    command({ decision: 'dismiss' });
    expect(made.said.refusedCommands()).toMatchObject([{ code: 'HOLD_OPEN' }]);
    result('SUCCESS');
    result('FAIL');
    command({ decision: 'dismiss', note: 'the camera shows the cash being taken' });
    expect(made.said.cases().at(-1)).toMatchObject({
      status: 'resolved',
      resolution: { decision: 'dismiss', persons: ['Ann'], moved: '0.00' },
    });
    expect(made.said.statuses().at(-1)).toMatchObject({ state: 'RESOLVED', taken: '60.00' });
  });

  it('takes another decision in place of the one proposed; then that one needs a second person', () => {
    const { made, withdraw, silence, command, money } = bank();
    withdraw();
    silence();
    command({ decision: 'refund', by: 'Ann' });
    command({ decision: 're-debit', by: 'Bob' });
    command({ decision: 're-debit', by: 'bob' });
    expect(made.said.refusedCommands()).toMatchObject([{ code: 'SAME_PERSON' }]);
    command({ decision: 're-debit', by: 'Ann' });
    expect(made.said.cases().at(-1)).toMatchObject({ resolution: { decision: 're-debit', persons: ['Bob', 'Ann'] } });
    expect(money()).toEqual(['40.00', '0.00']);
  });

  it('takes a command once, however often it comes, and with crashes in between', () => {
    const { made, withdraw, silence, command, money } = bank({ crashes: () => true });
    withdraw();
    silence();
    for (const commandId of ['a', 'a', 'b', 'b', 'a']) {
      command({ commandId, decision: 'refund', by: commandId === 'a' ? 'Ann' : 'Bob' });
    }
    expect(made.said.cases().map(({ status }) => status)).toEqual(['open', 'proposed', 'resolving', 'resolved']);
    expect(money()).toEqual(['100.00', '0.00']);
  });

  it.each<[string, Partial<Record<keyof CaseCommand, unknown>>, string?]>([
    ['CASE_UNKNOWN', { caseId: 'case:w9' }],
    ['CASE_UNKNOWN', { decision: 'refund' }, 'T2'],
    ['FIELD_INVALID', { decision: 'steal' }],
    ['FIELD_INVALID', { decision: 'refund', by: '  ' }],
    ['FIELD_INVALID', { decision: 'refund', by: 7 }],
    ['FIELD_INVALID', { decision: 'refund', note: 'x'.repeat(1_001) }],
    ['FIELD_INVALID', { action: 'assign' }],
    ['CARD_NUMBER', { decision: 'refund', note: `card ${CARD}` }],
  ])('refuses %s', (code, fields, key) => {
    const { made, withdraw, silence, command } = bank();
    withdraw();
    silence();
    command(fields, key);
    expect(made.said.refusedCommands()).toMatchObject([{ code, commandId: 'k1' }]);
    expect(made.said.cases()).toHaveLength(1);
  });

  it('that is resolved takes no more decisions', () => {
    const { made, withdraw, silence, command, decide } = bank();
    withdraw();
    silence();
    decide('refund');
    command({ decision: 'dismiss' });
    expect(made.said.refusedCommands()).toMatchObject([{ code: 'CASE_RESOLVED' }]);
  });
});

describe('a report', () => {
  const report = {
    withdrawalId: 'w1',
    accountId: 'A',
    terminalId: 'T1',
    number: 1,
    outcome: 'NOT_DISPENSED',
    amount: '60.00',
    currency: 'EUR',
    taken: '0.00',
  };

  it('that comes before the withdrawal is tried again until it is there', () => {
    const { made, withdraw } = bank();
    made.send('reconciliation', 'atm.dispense.failed', 'T1', report);
    made.settle();
    made.pass(1_000);
    made.settle();
    withdraw();
    expect(made.said.balances().at(-1)!.balances).toMatchObject([{ held: '60.00' }]);
    made.pass(2_000);
    made.settle();
    expect(made.said.balances().at(-1)!.balances).toMatchObject([{ held: '0.00', booked: '100.00' }]);
    expect(made.said.cases()).toEqual([]);
  });

  it('that nothing ever answers is parked after six tries, and goes on with the next', () => {
    const { made, withdraw, result } = bank();
    made.send('reconciliation', 'atm.dispense.failed', 'T1', { ...report, withdrawalId: 'w0' });
    made.settle();
    for (const wait of [1, 2, 4, 8, 16]) {
      expect(made.said.cases()).toEqual([]);
      made.pass(wait * 1_000 - 1);
      made.settle();
      expect(made.said.cases()).toEqual([]);
      made.pass(1);
      made.settle();
    }
    expect(made.said.cases()).toMatchObject([
      { caseId: 'case:w0', kind: 'parked', reason: expect.stringContaining('HOLD_UNKNOWN') },
    ]);
    withdraw();
    result('FAIL');
    expect(made.said.statuses().at(-1)).toMatchObject({ state: 'REVERSED' });
  });

  it('is taken once, however often it comes, also while the ledger is asked', () => {
    const { made, withdraw } = bank();
    withdraw();
    for (let i = 0; i < 3; i++) made.send('reconciliation', 'atm.dispense.failed', 'T1', report);
    made.settle();
    made.send('reconciliation', 'atm.dispense.failed', 'T1', report);
    made.settle();
    expect(made.said.balances().map(({ version }) => version)).toEqual([1, 2, 3]);
  });

  it.each<unknown>([null, {}, { ...report, number: 0 }, { ...report, outcome: 'LOST' }, { ...report, taken: 5 }])(
    'that can not be read goes to the dead letters: %j',
    (value) => {
      const { made } = bank();
      made.send('reconciliation', 'atm.dispense.failed', 'T1', value);
      made.settle();
      expect(made.systems.reconciliation.counters.deadLetters).toBe(1);
    },
  );
});
