import { expect, test } from 'vitest';
import { FormattedStatements } from '../../../src/clickhouse/connection/formatted-statements.ts';

function counting() {
  const asked: string[] = [];
  const statements = new FormattedStatements();
  const of = (sql: string) =>
    statements.of(sql, () => {
      asked.push(sql);
      return Promise.resolve(`FORMATTED ${sql}`);
    });
  return { asked, of, statements };
}

test('a statement is asked for once, and another never takes its place', async () => {
  const { asked, of } = counting();
  for (const sql of ['SELECT 1', 'SELECT 2', 'SELECT 1', 'select 1']) expect(await of(sql)).toBe(`FORMATTED ${sql}`);
  expect(asked).toEqual(['SELECT 1', 'SELECT 2', 'select 1']);
});

test('an error is not kept', async () => {
  const { asked, of, statements } = counting();
  await expect(statements.of('SELEC', () => Promise.reject(new Error('syntax')))).rejects.toThrow('syntax');
  expect(await of('SELEC')).toBe('FORMATTED SELEC');
  expect(asked).toEqual(['SELEC']);
});

test('those used last stay, and long ones are not kept at all', async () => {
  const { asked, of } = counting();
  const many = Array.from({ length: 256 }, (_, i) => `SELECT ${i}`);
  for (const sql of many) await of(sql);
  await of('SELECT 0');
  await of('SELECT 256');
  asked.length = 0;
  for (const sql of ['SELECT 0', 'SELECT 256', 'SELECT 255', 'SELECT 1']) await of(sql);
  expect(asked).toEqual(['SELECT 1']);
  const long = `SELECT '${'x'.repeat(20_000)}'`;
  await of(long);
  await of(long);
  expect(asked.filter((sql) => sql === long)).toHaveLength(2);
});
