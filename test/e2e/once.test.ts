import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/random.ts';
import { headrace, query, workplace } from './headrace.ts';

let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

const MAPPING = [
  '--map',
  'transactionId=trans_id',
  '--map',
  'accountId=account_id',
  '--map',
  'occurredAt=date',
  '--map',
  'description=purpose',
  '--set',
  'currency=CZK',
  '--set',
  'kind=posting',
];
const BALANCES = 'SELECT transaction_id, balance_after FROM headrace.transactions';

/** A bank's file as the real one is: rows in order per account, each with the balance after it. */
function bankFile(rows: number, seed: number): readonly (readonly string[])[] {
  const random = seededRandom(seed);
  const balances = new Map<string, number>();
  return Array.from({ length: rows }, (_, index) => {
    const account = String(1 + random.below(40));
    const direction = random.below(3) === 0 ? 'debit' : 'credit';
    const minor = 1 + random.below(500_000);
    const balance = (balances.get(account) ?? 0) + (direction === 'credit' ? minor : -minor);
    balances.set(account, balance);
    const date = new Date(Date.UTC(1993, 0, 1) + Math.floor(index / 20) * 86_400_000).toISOString().slice(0, 10);
    return [
      String(700_000 + index),
      account,
      date,
      direction,
      (minor / 100).toFixed(2),
      (balance / 100).toFixed(2),
      'a, "purpose"',
    ];
  });
}

function csv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const header = 'trans_id,account_id,date,direction,amount,balance_after,purpose';
  return `${[header, ...rows.map((row) => row.map(cell).join(','))].join('\n')}\n`;
}

/** What ClickHouse says against what the file says; ClickHouse leaves trailing zeros out. */
async function expectBalances(data: string, rows: readonly (readonly string[])[]): Promise<void> {
  const got = await query<{ transaction_id: string; balance_after: string }>(data, BALANCES);
  expect(got).toHaveLength(rows.length);
  const byId = new Map(got.map((row) => [row.transaction_id, Number(row.balance_after).toFixed(2)]));
  for (const [id, , , , , balance] of rows) expect(byId.get(id!), id).toBe(balance);
}

describe('start --once', () => {
  it('takes a bank file to SQL, and the same again changes nothing', { timeout: 120_000 }, async () => {
    const rows = bankFile(800, 1);
    const data = place.file('data-1');
    writeFileSync(place.file('bank.csv'), gzipSync(csv(rows)));
    const args = ['start', '--once', '--data', data, '--input', place.file('bank.csv'), ...MAPPING];
    const first = await headrace(args);
    expect(first).toMatchObject({ status: 0 });
    expect(first.out).toMatch(/accepted +800\n/);
    expect(first.out).toContain('log, state and ClickHouse agree');
    await expectBalances(data, rows);
    const count = 'SELECT count() AS all FROM headrace.transactions_rows';
    const before = await query(data, count);
    const second = await headrace(args);
    expect(second).toMatchObject({ status: 0 });
    expect(second.out).toMatch(/accepted +0\nduplicates +800\n/);
    expect(await query(data, count)).toEqual(before);
    await expectBalances(data, rows);
  });

  it('does not mind how rows of a day are shuffled between accounts', { timeout: 60_000 }, async () => {
    const rows = bankFile(600, 2);
    const random = seededRandom(3);
    const queues = new Map<string, (readonly string[])[]>();
    const days = new Map<string, string[]>();
    for (const row of rows) {
      const key = `${row[2]} ${row[1]}`;
      queues.set(key, [...(queues.get(key) ?? []), row]);
      days.set(row[2]!, [...(days.get(row[2]!) ?? []), key]);
    }
    // Each day draws among its accounts; within an account the rows keep their order.
    const shuffled = [...days.values()].flatMap((keys) => {
      const left = [...keys];
      return Array.from(
        { length: keys.length },
        () => queues.get(left.splice(random.below(left.length), 1)[0]!)!.shift()!,
      );
    });
    expect(shuffled).not.toEqual(rows);
    const data = place.file('data-2');
    const result = await headrace(['start', '--once', '--data', data, '--input', '-', '--json', ...MAPPING], {
      stdin: csv(shuffled),
    });
    expect(result).toMatchObject({ status: 0 });
    expect(JSON.parse(result.out)).toMatchObject({
      intake: { read: 600, appended: 600, rejected: 0 },
      outcomes: { accepted: 600, rejected: {} },
      reconciliation: { agrees: true },
    });
    await expectBalances(data, rows);
  });

  const real = fileURLToPath(new URL('../../../shared/data/czech-bank-transactions.csv.gz', import.meta.url));
  it.skipIf(!existsSync(real))(
    'reaches every balance of the real bank (skipped without the shared data)',
    { timeout: 60_000 },
    async () => {
      const [, ...lines] = gunzipSync(readFileSync(real)).toString().trim().split('\n');
      const rows = lines
        .map((line) => line.split(','))
        .map(([id, account, date, direction, , amount, balance]) => [
          id!,
          account!,
          date!,
          direction!,
          amount!,
          balance!,
        ]);
      const data = place.file('data-3');
      expect(
        await headrace([
          'start',
          '--once',
          '--data',
          data,
          '--input',
          real,
          ...MAPPING,
          '--map',
          'amount=amount',
          '--map',
          'direction=direction',
        ]),
      ).toMatchObject({ status: 0 });
      await expectBalances(data, rows);
    },
  );

  it('keeps amounts exact to the last digit, from NDJSON to JSON', { timeout: 60_000 }, async () => {
    const transaction = { accountId: 'A', direction: 'credit', occurredAt: '2026-01-01', kind: 'posting' };
    const amounts = [
      ['CLF', '12345678901234.5678'],
      ['JPY', '9223372036854775807'],
      ['BHD', '0.001'],
      ['EUR', '92233720368547758.07'],
    ] as const;
    const lines = amounts.map(([currency, amount], index) =>
      JSON.stringify({ ...transaction, transactionId: `t${index}`, currency, amount }),
    );
    const data = place.file('data-4');
    expect(
      await headrace(['start', '--once', '--data', data, '--input', '-'], { stdin: lines.join('\n') }),
    ).toMatchObject({ status: 0 });
    const got = await query<{ currency: string; amount: string }>(
      data,
      'SELECT currency, amount FROM headrace.transactions ORDER BY sequence',
    );
    expect(got.map(({ currency, amount }) => [currency, amount])).toEqual(amounts);
  });
});
