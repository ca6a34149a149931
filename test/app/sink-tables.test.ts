import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sinkTables } from '../../src/app/sink-tables.ts';
import { readRows } from '../../src/clickhouse/clickhouse.ts';
import { batchesOf, cutOf, type GivenRecord } from '../clickhouse/record-batches.ts';
import { withStore } from '../clickhouse/temporary-store.ts';
import { failed, openCase, withdrawal } from './cash-records.ts';

let cuts = 0;
/** Writes the records of some topics as one cut, and returns what became dead letters of the sink. */
async function written(
  store: Parameters<Parameters<typeof withStore>[0]>[0],
  records: Readonly<Record<string, readonly (GivenRecord['value'] | GivenRecord)[]>>,
): Promise<readonly unknown[]> {
  const from = ++cuts * 1_000;
  const batches = Object.entries(records).flatMap(([topic, values]) =>
    batchesOf(
      topic,
      0,
      from,
      values.map((value) => ({ value })),
    ),
  );
  return (await store.target(sinkTables).write(cutOf(cuts, batches), batches)).deadLetters;
}

test('every column of every table says what is in it', async () => {
  await withStore(async ({ clickhouse }) => {
    const sql = `SELECT table, name FROM system.columns WHERE database = 'headrace' AND comment = '' AND table LIKE '%\\_rows'`;
    expect(await clickhouse.rows(sql)).toEqual([]);
  });
});

test('a withdrawal, a failed dispense and a case are shown as they stand, the greatest version whatever comes last', async () => {
  await withStore(async (store) => {
    const proposal = { decision: 'refund', by: 'anna' } as const;
    const resolution = { decision: 'refund', persons: ['anna', 'boris'], moved: '50.00', serialNumber: '3-1' } as const;
    const letters = await written(store, {
      'atm.withdrawal-states': [
        { ...withdrawal, version: 4, state: 'SUSPECT', caseId: 'case:w', reason: 'taken back', reference: 'r' },
        withdrawal,
        null,
      ],
      'atm.dispense.failed': [failed, failed, { ...failed, number: 2, outcome: 'LATE_SUCCESS', isPosted: true }],
      'reconciliation.cases': [
        {
          ...openCase,
          version: 3,
          status: 'resolved',
          posted: '0.00',
          resolution,
          updatedAt: '2026-03-02T10:00:00.000Z',
        },
        { ...openCase, version: 2, status: 'proposed', proposal, assignee: 'anna' },
        { ...openCase, caseId: 'case:x', version: 2, status: 'proposed', proposal, assignee: 'anna' },
        null,
      ],
      'atm.rejected': [
        {
          code: 'AMOUNT_INVALID',
          reason: 'not positive',
          withdrawalId: 'w',
          record: { amount: '-1' },
          source: { topic: 'atm.withdrawals', partition: 1, offset: 7 },
        },
      ],
      'reconciliation.rejected': [
        {
          code: 'SAME_PERSON',
          reason: 'another person must',
          commandId: 'c',
          caseId: 'case:w',
          source: { topic: 'reconciliation.commands', partition: 1, offset: 7 },
        },
      ],
    });
    expect(letters).toEqual([]);
    const rows = (sql: string) => readRows(store.clickhouse, sql);
    expect(await rows('SELECT * FROM withdrawals')).toEqual([
      {
        withdrawal_id: 'w',
        account_id: 'A',
        terminal_id: 'T',
        amount: '50',
        taken: '0',
        reversed: '0',
        currency: 'EUR',
        reference: 'r',
        requested_at: '2026-03-01 10:00:00.000',
        state: 'SUSPECT',
        code: '',
        reason: 'taken back',
        case_id: 'case:w',
        history: JSON.stringify(withdrawal.history),
        updated_at: '2026-03-01 10:00:00.000',
      },
    ]);
    expect(
      await rows('SELECT number, outcome, amount, taken, is_posted FROM failed_dispenses ORDER BY number'),
    ).toEqual([
      { number: 1, outcome: 'PARTIAL', amount: '50', taken: '20', is_posted: false },
      { number: 2, outcome: 'LATE_SUCCESS', amount: '50', taken: '20', is_posted: true },
    ]);
    const cases =
      'SELECT case_id, status, posted, moved, assignee, decision, persons, serial_number FROM reconciliation_cases';
    expect(await rows(`${cases} ORDER BY case_id`)).toEqual([
      {
        case_id: 'case:w',
        status: 'resolved',
        posted: '0',
        moved: '50',
        assignee: '',
        decision: 'refund',
        persons: ['anna', 'boris'],
        serial_number: '3-1',
      },
      {
        case_id: 'case:x',
        status: 'proposed',
        posted: null,
        moved: null,
        assignee: 'anna',
        decision: 'refund',
        persons: ['anna'],
        serial_number: '',
      },
    ]);
    expect(await rows('SELECT code, withdrawal_id, record, source_offset FROM rejected_withdrawals')).toEqual([
      { code: 'AMOUNT_INVALID', withdrawal_id: 'w', record: '{"amount":"-1"}', source_offset: '7' },
    ]);
    expect(await rows('SELECT code, command_id, case_id FROM rejected_case_commands')).toEqual([
      { code: 'SAME_PERSON', command_id: 'c', case_id: 'case:w' },
    ]);
  });
});

test('what terminals write freely has a row: few decimals, odd times, results without a withdrawal', async () => {
  await withStore(async (store) => {
    const letters = await written(store, {
      'atm.withdrawal-states': [
        { ...withdrawal, withdrawalId: 'plain', amount: '50' },
        { ...withdrawal, withdrawalId: 'zone', amount: '50.5', requestedAt: '2026-03-01T12:30+02:00' },
        { ...withdrawal, withdrawalId: 'far', requestedAt: '9999-12-31T23:59:59.999999999Z' },
        { ...withdrawal, withdrawalId: 'old', requestedAt: '0001-01-01T00:00:00Z' },
        { ...withdrawal, withdrawalId: 'yen', currency: 'JPY', amount: '5000', taken: '0', reversed: '0' },
      ],
      'atm.dispense.failed': [
        {
          ...failed,
          outcome: 'ORPHAN',
          accountId: '',
          currency: '',
          amount: '0',
          taken: '0',
          occurredAt: '2026-03-01T10:00Z',
        },
      ],
      'reconciliation.cases': [{ ...openCase, kind: 'orphan', accountId: '', currency: '', amount: '0', taken: '0' }],
    });
    expect(letters).toEqual([]);
    const shown = 'SELECT withdrawal_id AS id, amount, requested_at FROM withdrawals ORDER BY id';
    expect(await readRows(store.clickhouse, shown)).toEqual([
      { id: 'far', amount: '50', requested_at: '2299-12-31 23:59:59.999' },
      { id: 'old', amount: '50', requested_at: '1900-01-01 00:00:00.000' },
      { id: 'plain', amount: '50', requested_at: '2026-03-01 10:00:00.000' },
      { id: 'yen', amount: '5000', requested_at: '2026-03-01 10:00:00.000' },
      { id: 'zone', amount: '50.5', requested_at: '2026-03-01 10:30:00.000' },
    ]);
    const orphans = 'SELECT outcome, account_id, currency, amount FROM failed_dispenses';
    expect(await readRows(store.clickhouse, orphans)).toEqual([
      { outcome: 'ORPHAN', account_id: '', currency: '', amount: '0' },
    ]);
  });
});

test('what is none of these is a dead letter of the sink, and the others are there', async () => {
  await withStore(async (store) => {
    const letters = await written(store, {
      'atm.withdrawal-states': [
        { ...withdrawal, withdrawalId: 'good' },
        { ...withdrawal, amount: '50.001' },
        { ...withdrawal, requestedAt: 'yesterday' },
        { ...withdrawal, version: undefined },
        [],
      ],
    });
    expect(letters).toHaveLength(4);
    expect(await readRows(store.clickhouse, 'SELECT withdrawal_id FROM withdrawals')).toEqual([
      { withdrawal_id: 'good' },
    ]);
  });
});

test('money comes back to the last digit at the limits of the type', async () => {
  const CURRENCIES = [
    ['JPY', 0],
    ['EUR', 2],
    ['BHD', 3],
    ['CLF', 4],
  ] as const;
  const MAX = 2n ** 63n - 1n;
  const text = (minor: bigint, exponent: number) => {
    const digits = String(minor < 0n ? -minor : minor).padStart(exponent + 1, '0');
    const unsigned = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
    return minor < 0n ? `-${unsigned}` : unsigned;
  };
  const shown = (minor: bigint, exponent: number) =>
    exponent === 0 ? text(minor, exponent) : text(minor, exponent).replace(/\.?0+$/, '');
  const money = fc.oneof(fc.constantFrom(0n, 1n, MAX, 9_007_199_254_740_993n), fc.bigInt({ min: 0n, max: MAX }));
  const cases = fc.array(fc.tuple(fc.constantFrom(...CURRENCIES), money, money, money), {
    minLength: 20,
    maxLength: 20,
  });
  await withStore(async (store) => {
    let run = 0;
    const property = fc.asyncProperty(cases, async (given) => {
      run++;
      const id = (index: number) => `${run}-${String(index).padStart(2, '0')}`;
      const of = <T>(make: (index: number, m: (minor: bigint) => string, amounts: readonly bigint[]) => T) =>
        given.map(([[, exponent], ...amounts], index) => make(index, (minor) => text(minor, exponent), amounts));
      const letters = await written(store, {
        'atm.withdrawal-states': of((index, m, [a, b, c]) => ({
          ...withdrawal,
          withdrawalId: id(index),
          currency: given[index]![0][0],
          amount: m(a!),
          taken: m(b!),
          reversed: m(c!),
        })),
        'reconciliation.cases': of((index, m, [a, b, c]) => ({
          ...openCase,
          caseId: id(index),
          currency: given[index]![0][0],
          amount: m(a!),
          taken: m(b!),
          posted: m(c!),
          resolution: { decision: 're-debit', persons: [], moved: m(-a!) },
        })),
      });
      expect(letters).toEqual([]);
      const where = `LIKE '${run}-%' ORDER BY 1`;
      const withdrawals = `SELECT withdrawal_id, amount, taken, reversed FROM withdrawals WHERE withdrawal_id ${where}`;
      expect(await readRows(store.clickhouse, withdrawals)).toEqual(
        given.map(([[, e], a, b, c], index) => ({
          withdrawal_id: id(index),
          amount: shown(a, e),
          taken: shown(b, e),
          reversed: shown(c, e),
        })),
      );
      const found = `SELECT case_id, amount, taken, posted, moved FROM reconciliation_cases WHERE case_id ${where}`;
      expect(await readRows(store.clickhouse, found)).toEqual(
        given.map(([[, e], a, b, c], index) => ({
          case_id: id(index),
          amount: shown(a, e),
          taken: shown(b, e),
          posted: shown(c, e),
          moved: shown(-a, e),
        })),
      );
    });
    await fc.assert(property, { numRuns: 8 });
  });
});
