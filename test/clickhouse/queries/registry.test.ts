import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRows } from '../../../src/clickhouse/clickhouse.ts';
import { parametersFor } from '../../../src/clickhouse/queries/named-query.ts';
import { namedQueries, namedQuery, readNamedQueries } from '../../../src/clickhouse/queries/registry.ts';
import { withDirectory, withStore } from '../temporary-store.ts';

const GIVEN: Readonly<Record<string, string>> = {
  account: 'A-1',
  transaction: 't',
  reference: 'r',
  from: '2024-01-01',
  until: '2024-02-01',
  moment: '2024-01-01T00:00:00Z',
};

function givenFor(name: string): Readonly<Record<string, string>> {
  const needed = namedQuery(name).parameters.filter(({ preset }) => preset === undefined);
  return Object.fromEntries(needed.map((parameter) => [parameter.name, GIVEN[parameter.name]!]));
}

test('there are twelve, and each answers the columns that its head tells, money with four decimals', async () => {
  expect(namedQueries().map(({ name }) => name)).toEqual([
    'balance-as-of',
    'daily-summary',
    'failed-dispenses-by-terminal',
    'general-ledger-totals',
    'largest-counterparties',
    'last-transactions',
    'monthly-summary',
    'statement',
    'totals-by-currency-and-channel',
    'transaction-by-id',
    'transactions-by-reference',
    'velocity',
  ]);
  await withStore(async ({ clickhouse }) => {
    for (const query of namedQueries()) {
      const parameters = parametersFor(query, givenFor(query.name));
      const columns = await readRows<{ name: string; type: string }>(clickhouse, `DESCRIBE (${query.sql})`, {
        parameters,
      });
      expect(
        columns.map(({ name }) => name),
        query.name,
      ).toEqual(query.columns.map(({ name }) => name));
      const money = /^(amount|balance|balance_after|available_after|credits|debits|moved|taken)$/;
      const wrong = columns.filter(({ name, type }) => money.test(name) && type !== 'Decimal(38, 4)');
      expect(wrong, query.name).toEqual([]);
      expect(query.summary.length, query.name).toBeGreaterThan(30);
    }
  });
});

test('a name that none has is refused with those that there are', () => {
  expect(() => namedQuery('last-transaction')).toThrow(
    expect.objectContaining({ code: 'QUERY_UNKNOWN', message: expect.stringMatching(/balance-as-of.*velocity/) }),
  );
});

test('files that do not agree with their heads are refused by name, with what is wrong', async () => {
  await withDirectory(async (path) => {
    const head = '-- A question.\n--\n-- Parameters:\n';
    const cases: readonly (readonly [string, RegExp])[] = [
      ['SELECT 1', /wrong\.sql.*description.*Parameters.*Columns/],
      [`${head}-- Columns:\n--   one: 1\nSELECT {account:String}`, /takes account, which the head does not tell/],
      [
        `${head}--   account: it\n-- Columns:\n--   one: 1\nSELECT 1`,
        /tells of account, which the query does not take/,
      ],
      [`${head}--   a: it\n-- Columns:\n--   one: 1\nSELECT {a:Array(String)}`, /a is of type Array\(String\)/],
      [
        `${head}--   a: it\n-- Columns:\n--   one: 1\nSELECT {a:String}, {a:UInt64}`,
        /a is String in one place and UInt64/,
      ],
      [`${head}--   a it\n-- Columns:\n--   one: 1\nSELECT {a:String}`, /line ' {2}a it' names no parameter/],
      [`${head}--   a = x: it\n-- Columns:\n--   one: 1\nSELECT {a:UInt64}`, /a must be a whole number/],
      [`${head}--   a: it\n-- Columns:\n--   one\nSELECT {a:String}`, /line ' {2}one' names no column/],
    ];
    for (const [index, [text, expected]] of cases.entries()) {
      const directory = join(path, String(index));
      mkdirSync(directory);
      writeFileSync(join(directory, 'wrong.sql'), text);
      expect(() => readNamedQueries(directory), String(index)).toThrow(expected);
    }
    const good = join(path, 'good');
    mkdirSync(good);
    writeFileSync(
      join(good, 'good.sql'),
      `-- A question of two\n-- lines. And more.\n--\n-- Parameters:\n--   a = '' : x\n`.replace("'' :", "'':") +
        '--   limit = 5 (1..9): at\n--     most\n-- Columns:\n--   one: 1\nSELECT {a:String},\r\n {limit:UInt32}\n',
    );
    expect(readNamedQueries(good)).toEqual([
      {
        name: 'good',
        summary: 'A question of two lines.',
        description: 'A question of two lines. And more.',
        parameters: [
          { name: 'a', type: 'String', description: 'x', preset: '', min: undefined, max: undefined },
          { name: 'limit', type: 'UInt32', description: 'at most', preset: '5', min: 1n, max: 9n },
        ],
        columns: [{ name: 'one', description: '1' }],
        sql: 'SELECT {a:String},\n {limit:UInt32}',
      },
    ]);
  });
});
