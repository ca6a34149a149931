import { expect, test } from 'vitest';
import { insertStatementOf, verbOf } from '../../../src/clickhouse/connection/insert-statement.ts';

const taken = (text: string | Buffer) => {
  const insert = insertStatementOf(Buffer.from(text));
  return insert === undefined ? undefined : { ...insert, rows: [...insert.rows] };
};

test('table, columns, settings and the bytes behind the format', () => {
  const rows = Buffer.from([0, 255, 10, 39, 96]);
  const head = 'INSERT INTO headrace.`grün` (`n`, b) SETTINGS async_insert = 0';
  expect(taken(Buffer.concat([Buffer.from(`${head} FORMAT RowBinary\n`), rows]))).toEqual({
    head,
    table: 'headrace.`grün`',
    columns: '`n`, b',
    format: 'RowBinary',
    rows: [...rows],
  });
});

test('without columns, with comments, TABLE and no line end', () => {
  expect(taken('/* FORMAT x */ insert into table t -- VALUES\n format JSONEachRow {"a":1}')).toMatchObject({
    table: 't',
    columns: undefined,
    format: 'JSONEachRow',
    rows: [...Buffer.from('{"a":1}')],
  });
});

test.each([
  'INSERT INTO t VALUES (1)',
  'INSERT INTO t (a) FORMAT Values (1)',
  'INSERT INTO t SELECT 1 FORMAT TSV',
  'SELECT 1 FORMAT TSV',
  'INSERT INTO t',
  '',
])('%j brings no rows of that kind', (sql) => {
  expect(taken(sql)).toBeUndefined();
});

test('the verb stands behind comments and brackets', () => {
  expect(verbOf('-- x\n/* y */ ((select 1))')).toBe('SELECT');
  expect(verbOf("'SELECT'")).toBe('');
});
