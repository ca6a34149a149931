import { describe, expect, it } from 'vitest';
import { desk } from './desk.ts';

describe('a question that the ledger does not answer', () => {
  it('is asked again each minute, and after ten times a person looks at it', () => {
    const { made, withdraw } = desk();
    withdraw();
    made.send('atm', 'atm.dispense-results', 'w1', {
      withdrawalId: 'w1',
      terminalId: 'T1',
      status: 'FAIL',
      occurredAt: '2026-06-15T12:00:30Z',
    });
    made.loses = 'ledger.commands';
    made.settle();
    for (let minute = 0; minute < 11; minute++) {
      made.pass(60_000);
      made.settle();
    }
    expect(made.lost.map(({ value }) => value?.length)).toHaveLength(11);
    expect(new Set(made.lost.map(({ value }) => Buffer.from(value!).toString())).size).toBe(1);
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 'parked', reason: 'the ledger does not answer' });
  });

  it('is answered once it arrives, and settled once', () => {
    const { made, withdraw, money } = desk();
    withdraw();
    made.loses = 'ledger.outcomes';
    made.send('atm', 'atm.dispense-results', 'w1', {
      withdrawalId: 'w1',
      terminalId: 'T1',
      status: 'FAIL',
      occurredAt: '2026-06-15T12:00:30Z',
    });
    made.settle();
    made.loses = undefined;
    made.pass(60_000);
    made.settle();
    expect(made.said.statuses().at(-1)).toMatchObject({ state: 'REVERSED', reversed: '60.00' });
    expect(money()).toEqual(['100.00', '0.00']);
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
    const { made, withdraw } = desk();
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
    const { made, withdraw, result } = desk();
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
    const { made, withdraw } = desk();
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
      const { made } = desk();
      made.send('reconciliation', 'atm.dispense.failed', 'T1', value);
      made.settle();
      expect(made.systems.reconciliation.counters.deadLetters).toBe(1);
    },
  );
});
