import { describe, expect, it } from 'vitest';
import { terminal } from './terminal.ts';

const CARD = '4111111111111111';

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
    const { made, withdraw, result, last } = terminal();
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
    const { made, withdraw, result, last } = terminal();
    withdraw();
    result(status, fields);
    const refusals = made.said.refusals();
    expect(refusals).toMatchObject([{ code }]);
    expect(JSON.stringify(refusals)).not.toContain(CARD);
    expect(last()).toMatchObject({ state: 'AUTHORISED' });
  });

  it('under another key than its withdrawal is refused', () => {
    const { made, withdraw, result } = terminal();
    withdraw();
    result('SUCCESS', {}, 'w2');
    expect(made.said.refusals()).toMatchObject([{ code: 'KEY_MISMATCH' }]);
  });

  it('of a withdrawal that never comes becomes a case, which can only be dismissed', () => {
    const { made, result } = terminal();
    result('SUCCESS');
    made.pass(300_000);
    made.settle();
    expect(made.said.reports()).toMatchObject([{ outcome: 'ORPHAN', accountId: '', terminalId: 'T1' }]);
    expect(made.said.cases().at(-1)).toMatchObject({ kind: 'orphan', status: 'open', caseId: 'case:w1' });
  });

  it('in ever other words is taken sixteen times', () => {
    const { made, withdraw, result } = terminal();
    withdraw();
    for (let i = 1; i <= 20; i++) result('PARTIAL', { taken: `${i}.00` });
    expect(made.said.refusals().map(({ code }) => code)).toEqual(Array(4).fill('TOO_MANY_RESULTS'));
    expect(made.said.cases().at(-1)!.status).toBe('open');
  });

  it.each<unknown>([null, 5, {}, { withdrawalId: '' }, { withdrawalId: 'x'.repeat(129) }])(
    'that can not be attributed goes to the dead letters: %j',
    (value) => {
      const { made } = terminal();
      made.send('atm', 'atm.dispense-results', 'w1', value);
      made.settle();
      expect(made.systems.atm.counters.deadLetters).toBe(1);
    },
  );
});

describe('the form of a withdrawal', () => {
  it.each<[string, Record<string, unknown>]>([
    ['FIELD_MISSING', { accountId: undefined }],
    ['FIELD_INVALID', { terminalId: 'x'.repeat(129) }],
    ['FIELD_INVALID', { reference: 'x'.repeat(257) }],
    ['CARD_NUMBER', { reference: CARD }],
    ['CARD_NUMBER', { amount: CARD }],
    ['TIME_INVALID', { requestedAt: '2026-06-15' }],
    ['CURRENCY_UNKNOWN', { currency: 'XXX' }],
    ['AMOUNT_INVALID', { amount: '-60.00' }],
    ['AMOUNT_INVALID', { amount: '0.00' }],
    ['AMOUNT_INVALID', { amount: '60.001' }],
    ['FIELD_INVALID', { amount: 60 }],
  ])('%s', (code, fields) => {
    const { made, withdraw } = terminal();
    withdraw(fields);
    const refusals = made.said.refusals();
    expect(refusals).toMatchObject([{ code }]);
    expect(JSON.stringify(refusals)).not.toContain(CARD);
    expect(made.said.statuses()).toEqual([]);
  });
});
