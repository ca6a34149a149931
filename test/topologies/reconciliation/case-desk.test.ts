import { describe, expect, it } from 'vitest';
import type { CaseCommand } from '../../../topologies/reconciliation/events.ts';
import { desk } from './desk.ts';

const CARD = '4111111111111111';

describe('a case', () => {
  it('of a silence is refunded by two persons, with a serial number, and its history tells everything', () => {
    const { made, withdraw, silence, command, money } = desk();
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
    const { made, withdraw, result, decide, money } = desk();
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
    const { made, withdraw, result, decide, money } = desk();
    for (const id of ['w1', 'w2']) {
      withdraw(id, '30.00');
      result('SUCCESS', {}, id);
      result('FAIL', {}, id);
      decide('refund', `case:${id}`);
      expect(made.said.refusedCommands().map(({ code }) => code)).toEqual(Array(2).fill('DECISION_MOVES_NOTHING'));
      decide('refund', `case:${id}`, '0.00');
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
    const { made, withdraw, silence, result } = desk();
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
    const { made, withdraw, result, decide, money } = desk();
    withdraw();
    result('RETRACTED', { taken: '20.00' });
    result('SUCCESS');
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 'retracted', status: 'open', taken: '60.00' });
    expect(money()).toEqual(['100.00', '60.00']);
    decide('re-debit');
    expect(money()).toEqual(['40.00', '0.00']);
  });

  it('that a person has is not closed by a word below what is proven', () => {
    const { made, withdraw, result, silence, command, money } = desk();
    withdraw();
    silence();
    command({ action: 'assign', to: 'Ann', by: 'Eve' });
    result('RETRACTED', { taken: '40.00' });
    result('FAIL');
    expect(made.said.cases().at(-1)).toMatchObject({ status: 'assigned', kind: 'retracted', taken: '40.00' });
    expect(money()).toEqual(['100.00', '60.00']);
  });

  it('is confirmed for the amount that was proposed; another one by then is a new proposal', () => {
    const { made, withdraw, result, command, money } = desk();
    withdraw();
    result('RETRACTED', { taken: '40.00' });
    command({ decision: 'refund', by: 'Ann' });
    expect(made.said.cases().at(-1)!.proposal).toMatchObject({ by: 'Ann', taken: '40.00' });
    result('PARTIAL', { taken: '50.00' });
    command({ decision: 'refund', by: 'Bob' });
    expect(made.said.cases().at(-1)).toMatchObject({ status: 'proposed', proposal: { by: 'Bob', taken: '50.00' } });
    expect(money()).toEqual(['100.00', '60.00']);
    command({ decision: 'refund', by: 'Ann' });
    expect(money()).toEqual(['50.00', '0.00']);
  });

  it('gives every refund a number of its own', () => {
    const { made, withdraw, result, decide } = desk();
    withdraw();
    result('SUCCESS');
    result('FAIL');
    decide('refund', 'case:w1', '0.00');
    result('PARTIAL', { taken: '40.00' });
    decide('re-debit', 'case:w1', '40.00');
    result('RETRACTED');
    decide('refund', 'case:w1', '0.00');
    const refunds = made.said
      .transactions()
      .filter(({ direction, channel }) => direction === 'credit' && channel === 'atm');
    expect(refunds.map(({ reference }) => reference)).toEqual(['R0-1', 'R0-2']);
  });

  it('of a withdrawal that was refused gives nothing back, for nothing was held', () => {
    const { made, withdraw, result, command } = desk();
    withdraw('w1', '5000.00');
    result('SUCCESS');
    command({ decision: 'dismiss' });
    expect(made.said.statuses().at(-1)).toMatchObject({ state: 'RESOLVED', taken: '0.00', reversed: '0.00' });
  });

  it('can not be dismissed while money is held, and can when nothing is to be moved', () => {
    const { made, withdraw, silence, command, result } = desk();
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
    const { made, withdraw, silence, command, money } = desk();
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
    const { made, withdraw, silence, command, money } = desk({ crashes: () => true });
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
    const { made, withdraw, silence, command } = desk();
    withdraw();
    silence();
    command(fields, key);
    expect(made.said.refusedCommands()).toMatchObject([{ code, commandId: 'k1' }]);
    expect(made.said.cases()).toHaveLength(1);
  });

  it('that is resolved takes no more decisions', () => {
    const { made, withdraw, silence, command, decide } = desk();
    withdraw();
    silence();
    decide('refund');
    command({ decision: 'dismiss' });
    expect(made.said.refusedCommands()).toMatchObject([{ code: 'CASE_RESOLVED' }]);
  });
});
