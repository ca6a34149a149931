import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readText } from '../../../src/clickhouse/clickhouse.ts';
import { isPassedByName, isRefusedFunction } from '../../../src/clickhouse/connection/refused-functions.ts';
import { tokensOf } from '../../../src/clickhouse/connection/sql-tokens.ts';
import { openStore, type Store } from '../../../src/clickhouse/store.ts';

test.each([
  'file',
  'File',
  'catboostEvaluate',
  'hasColumnInTable',
  'joinGetOrNull',
  'aiGenerateContent',
  'AIEmbed',
  'ai',
])('%s() is refused', (name) => {
  expect(isRefusedFunction(name)).toBe(true);
});

test.each(['files', 'filesystemAvailable', 'airport', 'dictGet', 'max'])('%s() is not', (name) => {
  expect(isRefusedFunction(name)).toBe(false);
});

/** Whether `file` may be the function somewhere in a statement. */
function isPassed(sql: string): boolean {
  const tokens = [...tokensOf(sql)];
  return tokens.some((token, i) => token.kind !== 'text' && token.text === 'file' && isPassedByName(tokens, i));
}

test.each([
  'SELECT file FROM t',
  'SELECT a, file, b FROM t WHERE file = 1 ORDER BY a, file',
  'SELECT count(file), max(file) AS m, f(x, t.file, file.size) FROM t GROUP BY file',
  'SELECT * FROM (SELECT a, file, b FROM t) WHERE (file, a) IN (SELECT file, a FROM u)',
  'SELECT * FROM view(SELECT file, a FROM t)',
  'SELECT (file) AS f, (file, a) AS pair, a IN (file, b) FROM t',
  'SELECT sum(a) OVER (PARTITION BY a, file) FROM t JOIN u USING (a, file)',
  'SELECT * EXCEPT (a, file) FROM t',
  "SELECT 'arrayMap(file, x)'",
])('a column in %s', (sql) => {
  expect(isPassed(sql)).toBe(false);
});

describe('the engine is not asked where a function is passed by its name', () => {
  let directory: string;
  let store: Store;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headrace-refused-'));
    writeFileSync(join(directory, 'secret'), 'top secret');
    const at = { path: join(directory, 'clickhouse') };
    store = await openStore({ at, migrationsDirectory: undefined, clock: Date.now });
  });
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each([
    'SELECT arrayMap(file, [SECRET])',
    'SELECT arrayMap((file), [SECRET])',
    'SELECT arrayMap(((file)), [SECRET])',
    'SELECT arrayMap(file AS f, [SECRET])',
    'SELECT arrayMap((file AS f), [SECRET])',
    'SELECT arrayMap(`file`, [SECRET])',
    'SELECT arrayMap("fi\\x6ce", [SECRET])',
    'SELECT arrayMap(/* , */ file /* ) */, [SECRET])',
    'SELECT `arrayMap`(file, [SECRET])',
    'SELECT arrayFirst(file, [SECRET])',
    'SELECT x APPLY file FROM (SELECT SECRET AS x)',
    'SELECT * APPLY file FROM (SELECT SECRET AS x)',
    'SELECT * APPLY(file) FROM (SELECT SECRET AS x)',
    "SELECT COLUMNS('x') APPLY(toString) APPLY(`file`) FROM (SELECT SECRET AS x)",
    'SELECT * APPLY(x -> file(x)) FROM (SELECT SECRET AS x)',
    'SELECT * FROM (SELECT arrayMap(file, [SECRET]))',
    'WITH s AS (SELECT arrayMap(file, [SECRET])) SELECT * FROM s',
  ])('%s', async (sql) => {
    const asked = sql.replaceAll('SECRET', `'${join(directory, 'secret')}'`);
    await expect(readText(store.clickhouse, asked)).rejects.toThrow(/^Code: (497|62)\./);
  });
});
