import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRows, readText } from '../../src/clickhouse/clickhouse.ts';
import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
import { ledgerTransaction } from './ledger-records.ts';
import { batchesOf, cutOf } from './record-batches.ts';
import { withStore } from './temporary-store.ts';

const CURRENCIES = ['JPY', 'XX1', 'EUR', 'BHD', 'CLF'] as const;

function decimal(minor: bigint, exponent: number): string {
  const digits = String(minor < 0n ? -minor : minor).padStart(exponent + 1, '0');
  const text = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
  return minor < 0n ? `-${text}` : text;
}

/** As ClickHouse prints it: no zeros at the end, no minus before zero. */
function shown(minor: bigint, exponent: number): string {
  const text = decimal(minor, exponent);
  return exponent === 0 ? text : text.replace(/\.?0+$/, '');
}

const INT64_MAX = 2n ** 63n - 1n;
const edges = [0n, 1n, -1n, INT64_MAX, -INT64_MAX - 1n, 10n ** 18n, 9_007_199_254_740_993n];
const int64 = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: -INT64_MAX - 1n, max: INT64_MAX }));
const totals = fc.bigInt({ min: 0n, max: 10n ** 28n });
const exponents = fc.integer({ min: 0, max: 4 });

test('amounts of 0 to 4 decimals and totals beyond 64 bits come back from SQL to the last digit', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const sink = target(ledgerSinkTables);
    let number = 0;
    const property = fc.asyncProperty(
      fc.array(fc.record({ exponent: exponents, amount: int64, balance: int64, credits: totals, debits: totals }), {
        minLength: 50,
        maxLength: 50,
      }),
      async (cases) => {
        number++;
        const accountId = `a${number}`;
        const batches = [
          ...batchesOf(
            'ledger.transactions',
            0,
            number * 100,
            cases.map(({ exponent, amount, balance }, i) =>
              ledgerTransaction({
                accountId,
                transactionId: `t${i}`,
                sequence: i,
                currency: CURRENCIES[exponent],
                amount: decimal(amount, exponent),
                balanceAfter: decimal(balance, exponent),
                availableAfter: decimal(balance, exponent),
              }),
            ),
          ),
          ...batchesOf(
            'ledger.daily-summary',
            0,
            number * 100,
            cases.map(({ exponent, credits, debits }, i) => ({
              value: {
                accountId,
                day: new Date(Date.UTC(1901, 0, 1 + i * 2_000)).toISOString().slice(0, 10),
                currency: CURRENCIES[exponent],
                credits: decimal(credits, exponent),
                debits: decimal(debits, exponent),
                count: 2,
                version: i,
              },
            })),
          ),
        ];
        expect((await sink.write(cutOf(number, batches), batches)).deadLetters).toEqual([]);
        const parameters = { accountId };
        const rows = await readRows(
          clickhouse,
          'SELECT amount, balance_after, currency FROM transactions WHERE account_id = {accountId:String} ORDER BY sequence',
          { parameters },
        );
        expect(rows).toEqual(
          cases.map(({ exponent, amount, balance }) => ({
            amount: shown(amount, exponent),
            balance_after: shown(balance, exponent),
            currency: CURRENCIES[exponent],
          })),
        );
        const days = await readRows(
          clickhouse,
          'SELECT credits, debits FROM account_daily_summary WHERE account_id = {accountId:String} ORDER BY day',
          { parameters },
        );
        expect(days).toEqual(
          cases.map(({ exponent, credits, debits }) => ({
            credits: shown(credits, exponent),
            debits: shown(debits, exponent),
          })),
        );
      },
    );
    await fc.assert(property, { numRuns: 8 });
  });
});

test('the greatest amounts are sums that SQL can still add', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const greatest = {
      amount: String(INT64_MAX),
      balanceAfter: String(-INT64_MAX - 1n),
      availableAfter: '0',
      currency: 'JPY',
    };
    const batches = batchesOf(
      'ledger.transactions',
      0,
      0,
      Array.from({ length: 1_000 }, (_, i) => ledgerTransaction({ ...greatest, sequence: i + 1 })),
    );
    await target(ledgerSinkTables).write(cutOf(1, batches), batches);
    const sums = await readText(
      clickhouse,
      'SELECT sum(amount), sum(balance_after), toTypeName(any(amount)) FROM transactions',
      { format: 'TSV' },
    );
    expect(sums).toBe(`${INT64_MAX * 1_000n}\t${(-INT64_MAX - 1n) * 1_000n}\tDecimal(38, 4)\n`);
  });
});

test('times from 1900 to 2299, before 1970 too, and the days behind them', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const times = [
      '1900-01-01T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      '1993-02-28T12:00:00.001Z',
      '2024-02-29T00:00:00.000Z',
      '2261-12-31T23:59:59.999Z',
      '2299-12-31T23:59:59.999Z',
    ];
    const batches = [
      ...batchesOf(
        'ledger.transactions',
        0,
        0,
        times.map((occurredAt, i) => ledgerTransaction({ occurredAt, sequence: i + 1 })),
      ),
      ...batchesOf(
        'ledger.daily-summary',
        0,
        0,
        times.map((time, i) => ({
          value: {
            accountId: 'a1',
            day: time.slice(0, 10),
            currency: 'EUR',
            credits: '1.00',
            debits: '0.00',
            count: 1,
            version: i,
          },
        })),
      ),
    ];
    expect((await target(ledgerSinkTables).write(cutOf(1, batches), batches)).deadLetters).toEqual([]);
    const found = await readRows<{ occurred_at: string }>(
      clickhouse,
      'SELECT occurred_at FROM transactions ORDER BY sequence',
    );
    expect(found.map((row) => `${row.occurred_at.replace(' ', 'T')}Z`)).toEqual(times);
    const days = await readRows<{ day: string }>(clickhouse, 'SELECT day FROM account_daily_summary ORDER BY day');
    expect(days.map(({ day }) => day)).toEqual(times.map((time) => time.slice(0, 10)));
    const months = await readRows<{ partition: string }>(
      clickhouse,
      "SELECT partition FROM system.parts WHERE table = 'transactions_rows' AND active ORDER BY partition",
    );
    expect(months.map(({ partition }) => partition)).toEqual(times.map((time) => time.slice(0, 7).replace('-', '')));
  });
});

test('a filter on the account, on time or on the id uses the key, through the views', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const records = Array.from({ length: 60_000 }, (_, i) =>
      ledgerTransaction({
        accountId: `a${i % 3_000}`,
        transactionId: `t${i}`,
        sequence: Math.floor(i / 3_000) + 1,
        occurredAt: new Date(Date.UTC(2020, i % 3, 2)).toISOString(),
      }),
    );
    const batches = batchesOf('ledger.transactions', 0, 0, records);
    await target(ledgerSinkTables).write(cutOf(1, batches), batches);
    const granules = async (sql: string) => {
      const plan = await readText(clickhouse, `EXPLAIN indexes = 1 ${sql}`, { format: 'TSVRaw' });
      const [, read, all] = [...plan.matchAll(/Granules: (\d+)\/(\d+)/g)].at(-1) ?? [];
      return { plan, read: Number(read), all: Number(all) };
    };
    const byAccount = await granules(
      "SELECT * FROM transactions WHERE account_id = 'a77' ORDER BY sequence DESC LIMIT 10",
    );
    expect(byAccount.plan).toMatch(/PrimaryKey[\s│]+Keys:[\s│]+account_id/);
    expect(byAccount.read).toBeLessThan(byAccount.all);
    const byTime = await granules(
      "SELECT * FROM transactions WHERE account_id = 'a77' AND occurred_at >= '2020-03-01'",
    );
    expect(byTime.plan).toMatch(/Parts: 1\/3/);
    expect(byTime.read).toBe(1);
    const byId = await granules("SELECT * FROM transactions_by_id WHERE transaction_id = 't77'");
    expect(byId.read).toBe(1);
    expect(byId.all).toBeGreaterThan(2);
  });
});
