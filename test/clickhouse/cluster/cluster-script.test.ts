import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterScript } from '../../../src/clickhouse/cluster/cluster-script.ts';
import type { Migration } from '../../../src/clickhouse/migrations.ts';
import { readMigrations } from '../../../src/clickhouse/migrations.ts';
import type { Store } from '../../../src/clickhouse/store.ts';
import { tierSettings } from '../../../src/clickhouse/tiers/tier-settings.ts';
import { tierStatements } from '../../../src/clickhouse/tiers/tier-statements.ts';
import { MIGRATIONS, openAt, withDirectory } from '../temporary-store.ts';

let store: Store;
let close: () => void;
let closed: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((opened) => {
    closed = withDirectory(async (path) => {
      store = await openAt(path);
      opened();
      await new Promise<void>((resolve) => {
        close = resolve;
      });
      await store.close();
    });
  });
}, 60_000);
afterAll(async () => {
  close();
  await closed;
});

const migration = (number: number, sql: string): Migration => ({
  number,
  file: `00${number}-x.sql`,
  sql,
  checksum: 'c',
});
const script = (migrations: readonly Migration[], from = 0) =>
  clusterScript(store.clickhouse, migrations, { cluster: 'main', from });
/** What is printed of migrations beside what is always there. */
const of = async (...sql: readonly string[]) => {
  const always = new Set(await script([]));
  return (await script(sql.map((text, at) => migration(at + 1, text)))).filter(
    (each) => !always.has(each) && !each.startsWith('INSERT INTO headrace.schema_migrations'),
  );
};

it('every statement of the real migrations is read by the engine, and every table is there in both forms', async () => {
  const migrations = readMigrations(MIGRATIONS);
  const statements = await script(migrations);
  // What is printed is what the parser reads.
  for (const statement of statements) {
    const quoted = statement.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    expect(await store.clickhouse.rows(`SELECT formatQuery('${quoted}') AS sql`)).toEqual([{ sql: statement }]);
  }
  const tables = await store.clickhouse.rows<{ name: string; engine: string }>(
    "SELECT name, engine FROM system.tables WHERE database = 'headrace' AND name != 'schema_migrations' ORDER BY name",
  );
  expect(tables.length).toBeGreaterThan(20);
  const count = (text: string) => statements.filter((each) => each.startsWith(text)).length;
  for (const { name, engine } of tables) {
    const made = (kind: string, as = name) =>
      count(`CREATE ${kind} IF NOT EXISTS headrace.${as} ON CLUSTER main`) +
      count(`CREATE OR REPLACE ${kind} headrace.${as} ON CLUSTER main`);
    if (engine === 'View') expect([name, made('VIEW') > 0]).toEqual([name, true]);
    else if (engine === 'MaterializedView') expect([name, made('MATERIALIZED VIEW')]).toEqual([name, 1]);
    else expect([name, made('TABLE'), made('TABLE', `${name}_local`)]).toEqual([name, 1, 1]);
  }
  // Nothing is left that would touch one node only, but for what is inserted through a distributed table.
  const alone = statements.filter(
    (each) => !each.includes('ON CLUSTER main') && !each.startsWith('INSERT INTO headrace.'),
  );
  expect(alone).toEqual([]);
  expect(statements.filter((each) => each.includes('non_replicated_deduplication_window'))).toEqual([]);
  const recorded = statements.filter((each) => each.startsWith('INSERT INTO headrace.schema_migrations')).join('\n');
  for (const { file, checksum } of migrations) expect(recorded).toContain(`'${file}',\n    '${checksum}'`);
});

it('a table is replicated on its shard, in the form that its last migration wants, and rows of one thing meet', async () => {
  const text = (await script(readMigrations(MIGRATIONS))).join(';\n');
  const local =
    /CREATE TABLE IF NOT EXISTS headrace\.balances_rows_local ON CLUSTER main\n\([\s\S]*?\n\)\n([\s\S]*?);\n/.exec(
      text,
    );
  expect(local?.[0]).toContain('`version` UInt64');
  expect(local?.[1]).toMatch(
    /^ENGINE = ReplicatedReplacingMergeTree\('\/clickhouse\/tables\/\{shard\}\/headrace\/balances_rows', '\{replica\}', version\)\nORDER BY \(account_id, currency\)\nSETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800, fsync_after_insert = 1, fsync_part_directory = 1(?:, index_granularity = \d+)?\nCOMMENT '/,
  );
  const shards = Object.fromEntries(
    [...text.matchAll(/Distributed\('main', 'headrace', '(\w+)_rows_local', cityHash64\(([^)]*)\)\)/g)].map(
      ([, name, by]) => [name, by],
    ),
  );
  expect(shards).toMatchObject({
    transactions: 'account_id',
    transactions_by_id: 'account_id',
    postings: 'account_id',
    balances: 'account_id',
    account_daily_summary: 'account_id',
    withdrawals: 'withdrawal_id',
    failed_dispenses: 'terminal_id',
    reconciliation_cases: 'case_id',
    dead_letters: 'source_topic, source_partition, source_offset',
  });
  expect(text).toMatch(
    /headrace\.transactions_by_id_feed ON CLUSTER main TO headrace\.transactions_by_id_rows_local[\s\S]*?FROM headrace\.transactions_rows_local;/,
  );
});

const TABLE =
  "CREATE TABLE IF NOT EXISTS headrace.a_rows (id String, v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id SETTINGS non_replicated_deduplication_window = 5 COMMENT 'it''s; a (test)'";

it('changes of a table reach its replicas, and the distributed table where they are of columns', async () => {
  const statements = await of(
    TABLE,
    'ALTER TABLE headrace.a_rows ADD COLUMN IF NOT EXISTS w UInt8 DEFAULT 1; ALTER TABLE headrace.a_rows MODIFY SETTING fsync_after_insert = 0',
    'INSERT INTO headrace.a_rows (id, v) SELECT id, v FROM headrace.a_rows; DROP VIEW IF EXISTS headrace.old; ALTER TABLE headrace.a_rows DROP COLUMN w',
  );
  expect(statements.map((each) => each.replaceAll(/\s+/g, ' '))).toEqual([
    expect.stringMatching(
      /^CREATE TABLE IF NOT EXISTS headrace\.a_rows_local ON CLUSTER main .* ENGINE = ReplicatedReplacingMergeTree\('.*', '\{replica\}', v\) .* COMMENT 'it\\'s; a \(test\)'$/,
    ),
    expect.stringMatching(
      /^CREATE TABLE IF NOT EXISTS headrace\.a_rows ON CLUSTER main AS headrace\.a_rows_local ENGINE = Distributed\('main', 'headrace', 'a_rows_local', cityHash64\(id\)\)/,
    ),
    expect.stringMatching(
      /^ALTER TABLE headrace\.a_rows_local ON CLUSTER main \(ADD COLUMN IF NOT EXISTS `w` UInt8 DEFAULT 1\)$/,
    ),
    expect.stringMatching(/^ALTER TABLE headrace\.a_rows ON CLUSTER main \(ADD COLUMN/),
    expect.stringMatching(/^ALTER TABLE headrace\.a_rows_local ON CLUSTER main \(MODIFY SETTING/),
    expect.stringMatching(/^INSERT INTO headrace\.a_rows \(id, v\) SELECT/),
    'DROP VIEW IF EXISTS headrace.old ON CLUSTER main',
    expect.stringMatching(/^ALTER TABLE headrace\.a_rows ON CLUSTER main \(DROP COLUMN w\)$/),
    expect.stringMatching(/^ALTER TABLE headrace\.a_rows_local ON CLUSTER main \(DROP COLUMN w\)$/),
  ]);
});

it('tiers are given to the replicated tables, behind all migrations', async () => {
  const migrations = readMigrations(MIGRATIONS);
  const tiers = tierStatements(tierSettings({ storagePolicy: 'tiered', deleteExpired: true }, 'store'));
  const options = { cluster: 'main', from: migrations.length, tiers };
  const statements = await clusterScript(store.clickhouse, migrations, options);
  const altered = statements.filter((each) => each.startsWith('ALTER')).map((each) => each.replaceAll(/\s+/g, ' '));
  expect(altered).toHaveLength(tiers.length);
  expect(altered.slice(0, 3)).toEqual([
    "ALTER TABLE headrace.transactions_rows_local ON CLUSTER main (MODIFY SETTING storage_policy = 'tiered')",
    'ALTER TABLE headrace.transactions_rows_local ON CLUSTER main (MODIFY SETTING materialize_ttl_recalculate_only = 1)',
    "ALTER TABLE headrace.transactions_rows_local ON CLUSTER main (MODIFY TTL recorded_at + toIntervalMonth(3) TO VOLUME 'cold', recorded_at + toIntervalMonth(12) TO VOLUME 'archive', recorded_at + toIntervalMonth(84))",
  ]);
  for (const each of altered) expect(each).toMatch(/^ALTER TABLE headrace\.\w+_rows_local ON CLUSTER main/);
  const all = await clusterScript(store.clickhouse, migrations, { cluster: 'main', tiers });
  const made = all.findIndex((each) => each.startsWith('CREATE TABLE IF NOT EXISTS headrace.dead_letters_rows_local'));
  const aged = all.findIndex((each) => /dead_letters_rows_local.*MODIFY TTL/s.test(each));
  expect(made).toBeGreaterThan(0);
  expect(aged).toBeGreaterThan(made);
});

it('a table that is replaced is made once, in its last form', async () => {
  const replaced =
    'CREATE OR REPLACE TABLE headrace.a_rows (id String, w UInt8) ENGINE = ReplacingMergeTree(w) ORDER BY id AS SELECT id, 1 AS w FROM headrace.a_rows';
  const statements = await of(
    TABLE,
    `ALTER TABLE headrace.a_rows ADD COLUMN w UInt8; CREATE VIEW headrace.a AS SELECT id FROM headrace.a_rows; ${replaced}`,
  );
  expect(statements.map((each) => each.split('\n')[0])).toEqual([
    'CREATE TABLE IF NOT EXISTS headrace.a_rows_local ON CLUSTER main',
    'CREATE TABLE IF NOT EXISTS headrace.a_rows ON CLUSTER main AS headrace.a_rows_local',
    'CREATE VIEW headrace.a ON CLUSTER main',
  ]);
  expect(statements[0]).toContain('`w` UInt8');
  expect(statements.join()).not.toContain('AS SELECT id, 1');
  await expect(script([migration(1, TABLE), migration(2, replaced)], 1)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringContaining('a_rows of an earlier migration is replaced'),
  });
});

it('a table made by a query is filled by it only where there are rows, and the clauses of the query stay its own', async () => {
  const made = `CREATE OR REPLACE TABLE headrace.b_rows (id String, v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY (v, id)
    SETTINGS non_replicated_deduplication_window = 5, index_granularity = 512 COMMENT 'b'
    AS SELECT id, v FROM headrace.a_rows ORDER BY id SETTINGS max_partitions_per_insert_block = 0`;
  const [, , local, distributed, ...rest] = await of(TABLE, made);
  expect(rest).toEqual([]);
  expect(local).toMatch(
    /\nORDER BY \(v, id\)\nSETTINGS replicated_deduplication_window = 10000, [^\n]*, index_granularity = 512\nCOMMENT 'b'$/,
  );
  expect(distributed).toMatch(/cityHash64\(v, id\)\)\nCOMMENT 'b'$/);
  const later = await script([migration(1, TABLE), migration(2, made)], 1);
  expect(later.slice(0, 2)).toEqual([local, distributed]);
  expect(later[2]?.replaceAll(/\s+/g, ' ')).toMatch(
    /^INSERT INTO headrace\.b_rows .*SELECT id, v FROM headrace\.a_rows ORDER BY id ASC SETTINGS max_partitions/,
  );
});

it('behind a migration only what came after it is printed', async () => {
  const statements = await script([migration(1, TABLE), migration(2, 'CREATE VIEW headrace.a AS SELECT 1 AS x')], 1);
  expect(statements[0]).toMatch(/^CREATE VIEW headrace\.a ON CLUSTER main/);
  expect(statements.join()).not.toMatch(/a_rows|CREATE DATABASE IF/);
  expect(statements.at(-1)).toContain("SELECT\n    2,\n    '002-x.sql'");
});

it.each([
  ['OPTIMIZE TABLE headrace.a_rows', /there is no form of this statement/],
  ['CREATE TABLE headrace.l (a Int8) ENGINE = Log', /engine Log, which is not replicated/],
  ['CREATE TABLE headrace.l (a Int8) ENGINE = MergeTree ORDER BY (a + 1)', /needs a column in it/],
  ['CREATE TABEL headrace.l', /does not read the statement/],
])('%s is refused', async (sql, message) => {
  await expect(of(sql)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringMatching(message) });
});

it('users come in only once somebody lets them, and roles, limits and policies name only roles that are made', async () => {
  const access = (await script([])).filter((each) => /headrace_/.test(each)).map((each) => each.replaceAll('`', ''));
  const users = access.filter((each) => each.startsWith('CREATE USER'));
  expect(users).toHaveLength(3);
  for (const user of users) expect(user).toMatch(/sha256_hash BY '0{64}' HOST NONE/);
  const roles = access.flatMap((each) => /^CREATE ROLE IF NOT EXISTS (\w+)/.exec(each)?.[1] ?? []);
  expect(roles).toEqual(['headrace_writing', 'headrace_reading', 'headrace_operating']);
  const given = access.filter((each) => !each.startsWith('CREATE USER') && !each.startsWith('CREATE ROLE'));
  for (const each of given) {
    const [, to = ''] = / TO (?:ALL EXCEPT )?([\w, ]+?)(?: ON CLUSTER main)?$/.exec(each) ?? [];
    const isGrantOfRole = /^GRANT ON CLUSTER main headrace_/.test(each);
    for (const name of to.split(', ')) expect([each, roles.includes(name)]).toEqual([each, !isGrantOfRole]);
  }
  const raw = given.filter((each) => each.startsWith('CREATE ROW POLICY'));
  expect(raw).toHaveLength(2);
  for (const each of raw) expect(each).toContain('headrace.dead_letters_rows_local');
});

it('a name that is none of a cluster is refused', async () => {
  await expect(clusterScript(store.clickhouse, [], { cluster: "x'; DROP" })).rejects.toMatchObject({ code: 'USAGE' });
});

it('the next migration of the house is taken as well, whatever it holds', async () => {
  await withDirectory(async (path) => {
    const directory = join(path, 'sql');
    cpSync(MIGRATIONS, directory, { recursive: true });
    const next = String(readMigrations(directory).length + 1).padStart(3, '0');
    writeFileSync(
      join(directory, `${next}-next.sql`),
      readFileSync(join(MIGRATIONS, '001-ledger.sql'), 'utf8').replaceAll('headrace.', 'headrace.next_'),
    );
    const statements = await clusterScript(store.clickhouse, readMigrations(directory), {
      cluster: 'main',
      from: Number(next) - 1,
    });
    expect(statements.join('\n')).toContain(
      'headrace.next_transactions_by_id_feed ON CLUSTER main TO headrace.next_transactions_by_id_rows_local',
    );
  });
});
