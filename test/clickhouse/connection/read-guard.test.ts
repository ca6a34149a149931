import { describe, expect, test } from 'vitest';
import { guardRead } from '../../../src/clickhouse/connection/read-guard.ts';

const TABLE_FUNCTIONS = new Set(['file', 'url', 's3', 'numbers', 'merge', 'view', 'mergetreeindex', 'remote', 'loop']);
const guard = (sql: string, parameters = {}) => guardRead(sql, TABLE_FUNCTIONS, parameters);

test.each([
  ['SELECT `default` FROM system.settings'],
  ['SELECT s.default FROM system.settings AS s'],
  ["SELECT 'default.x', 'SETTINGS readonly = 0' FROM headrace.transactions"],
  ['SELECT url FROM t'],
  ['SELECT * FROM numbers(3)'],
  ["SELECT * FROM merge('headrace', 'trans.*')"],
  ['SELECT file, checksum FROM headrace.schema_migrations'],
  ['SHOW TABLES FROM headrace'],
  ['EXPLAIN SELECT 1'],
])('%s may be read', (sql) => {
  expect(guard(sql)).toMatchObject({ sql, settings: {} });
});

describe('refused', () => {
  test.each([
    // The engine shows the file system as the tables of its database default.
    ['SELECT * FROM default.`/etc/passwd`', 497],
    ['SELECT * FROM `default`.`/etc/passwd`', 497],
    ['SELECT * FROM DEFAULT.`/etc/passwd`', 497],
    ["SELECT 'x' IN default.`/etc/passwd`", 497],
    ['WITH x AS (SELECT * FROM default.`/etc/passwd`) SELECT * FROM x', 497],
    ['SELECT * FROM view(SELECT * FROM default.`/etc/passwd`)', 497],
    ['DESCRIBE TABLE default.`/etc/passwd`', 497],
    ["SELECT * FROM merge('default', '.*')", 497],
    ["SELECT * FROM merge(concat('def', 'ault'), '.*')", 497],
    ["SELECT * FROM merge('def\\x61ult', '.*')", 497],
    ["SELECT hasColumnInTable('127.0.0.1', 'u', 'p', 'd', 't', 'c')", 497],
    ["SELECT joinGet('default./etc/passwd', 'a', 1)", 497],
    ['SELECT * FROM system.stack_trace', 497],
    // A pattern finds what may not be named, in the database of the address as well.
    ["SELECT * FROM merge('system', '^stack')", 497],
    ["SELECT * FROM merge('SYSTEM', '.*')", 497],
    ["SELECT * FROM merge('stack.*')", 497],
    ["SELECT * FROM merge('', 'stack.*')", 497],
    ["SELECT arrayMap(file, ['/etc/passwd'])", 497],
    // A setting in a subquery is applied without any check.
    ["SELECT * FROM (SELECT file('/etc/passwd') SETTINGS readonly = 0)", 497],
    ['SELECT * FROM (SELECT 1 SETTINGS readonly = 0)', 164],
    ['WITH x AS (SELECT 1 SETTINGS `readonly` = 2) SELECT * FROM x', 164],
    ['SELECT (SELECT 1 SETTINGS max_threads = 1)', 164],
    ["SELECT 1 SETTINGS additional_table_filters = {'t': '1'}", 164],
    ["SELECT * FROM (SELECT 1 SETTINGS a.b = 'x', readonly = 0)", 164],
    ['SELECT 1 SETTINGS a.b = 1', 164],
    ['SELECT 1\nPARALLEL WITH\nDROP TABLE x', 497],
    ['INSERT INTO t SELECT 1', 164],
    ['SET readonly = 0', 164],
  ])('%s', (sql, code) => {
    expect(() => guard(sql)).toThrow(`Code: ${code}.`);
  });

  test.each([['default'], ['DEFAULT'], ['/etc/passwd'], ['default.x'], ['stack_trace'], ['']])(
    'a name that comes as a parameter: %j',
    (value) => {
      expect(() => guard('SELECT * FROM {db:Identifier}.x', { db: value })).toThrow('Code: 497.');
    },
  );

  test('a function that comes as a parameter', () => {
    expect(() => guard("SELECT arrayMap({f:Identifier}, ['x'])", { f: 'file' })).toThrow('Code: 497.');
  });
});

test('names that come as parameters are plain', () => {
  const sql = 'SELECT * FROM {db:Identifier}.{table:Identifier} WHERE a = {a:String}';
  expect(guard(sql, { db: 'headrace', table: 'transactions', a: '/default' }).sql).toBe(sql);
  expect(() => guard(sql, { db: 'headrace' })).toThrow('the parameter table must be');
});

test('its own settings are taken out of a statement', () => {
  const reading = guard(
    "SELECT 1 AS settings\nSETTINGS max_threads = 1, a = 'it\\'s', b = -1.5, c = true\nFORMAT JSON",
  );
  expect(reading.sql.split(/\s+/).join(' ')).toBe('SELECT 1 AS settings');
  expect(reading.settings).toEqual({ max_threads: '1', a: "it's", b: '-1.5', c: '1' });
  expect(reading.format).toBe('JSON');
  expect(guard('SELECT 1 AS FORMAT, 2 AS SETTINGS\nFORMAT `Null`')).toMatchObject({
    sql: 'SELECT 1 AS FORMAT, 2 AS SETTINGS',
    format: 'Null',
  });
  expect(guard('SELECT 1 FORMAT TSV SETTINGS readonly = 0')).toMatchObject({
    settings: { readonly: '0' },
    format: 'TSV',
  });
});

test('a list of the settings is nothing else', () => {
  expect(guard('SELECT name, value, readonly FROM system.settings LIMIT 10000').listsSettings).toBe(true);
  for (const sql of [
    'SELECT name FROM system.settings, headrace.transactions',
    'SELECT name FROM system.settings JOIN t ON 1',
    'SELECT count() FROM system.settings',
    'SELECT name FROM system.tables',
    'SELECT 1 IN system.settings',
    'SELECT name FROM system.settings UNION ALL SELECT a FROM t',
  ]) {
    expect(guard(sql).listsSettings, sql).toBe(false);
  }
});
