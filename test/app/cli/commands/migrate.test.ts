import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MIGRATIONS } from '../../../../src/app/migrations.ts';
import { clickHouseIn } from '../../../../src/app/open-clickhouse.ts';
import { readMigrations } from '../../../../src/clickhouse/migrations.ts';
import { openStore } from '../../../../src/clickhouse/store.ts';
import { temporaryData } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

const files = readMigrations(MIGRATIONS).map(({ file }) => file);

/** A working directory without a configuration. */
function elsewhere(): string {
  const data = temporaryData();
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(dirname(data));
  return data;
}

it('applies what is missing, once, and lists it', async () => {
  const data = elsewhere();
  const listed = await runCommand('migrate', '--list', '--data', data);
  expect(listed.out).toBe(files.map((file) => `missing  ${file}\n`).join(''));
  expect(JSON.parse((await runCommand('migrate', '--data', data, '--json')).out)).toEqual({
    applied: files,
    last: files.at(-1),
  });
  expect((await runCommand('migrate', '--data', data)).out).toBe(`Nothing to apply: ${files.at(-1)} is the last\n`);
  const lines = (await runCommand('migrate', '--list', '--data', data, '--json')).out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    files.map((file, at) => ({ number: at + 1, file, state: 'applied' })),
  );
}, 60_000);

it('lists what a later release has applied', async () => {
  const data = elsewhere();
  expect((await runCommand('migrate', '--data', data)).code).toBe(0);
  const store = await openStore({ at: { path: clickHouseIn(data) }, migrationsDirectory: undefined, clock: Date.now });
  await store.clickhouse.command(
    "INSERT INTO headrace.schema_migrations SELECT 99, '099-later.sql', repeat('0', 64), now64(3)",
  );
  await store.close();
  const { out } = await runCommand('migrate', '--list', '--data', data);
  expect(out).toBe(`${files.map((file) => `applied  ${file}\n`).join('')}newer    099-later.sql\n`);
}, 60_000);

it('prints the statements, plain or for a cluster, and touches nothing', async () => {
  const data = elsewhere();
  const plain = await runCommand('migrate', '--print', '--data', data);
  expect(plain.out).toContain('CREATE TABLE IF NOT EXISTS headrace.transactions_rows\n(');
  const cluster = await runCommand('migrate', '--print', '--cluster', 'main', '--data', data);
  expect(cluster).toMatchObject({ code: 0, err: '' });
  expect(cluster.out).toMatch(/^CREATE DATABASE IF NOT EXISTS headrace ON CLUSTER main;\n/);
  expect(cluster.out).toContain('CREATE USER IF NOT EXISTS headrace_reader');
  const last = await runCommand('migrate', '--print', '--cluster', 'main', '--from', String(files.length), '--json');
  expect(JSON.parse(last.out.split('\n')[0]!).statement).toMatch(/^CREATE ROLE/);
  expect(existsSync(data)).toBe(false);
}, 60_000);

it('brings the tables to their tiers, remembers where these are, and prints tiers for a server', async () => {
  const data = elsewhere();
  const cold = join(dirname(data), 'cold');
  const rows = async () => {
    const sql = "SELECT engine_full FROM system.tables WHERE database = 'headrace' AND name = 'postings_rows'";
    return (await runCommand('query', sql, '--data', data, '--json')).out;
  };
  expect(await runCommand('migrate', '--data', data, '--cold-directory', cold)).toMatchObject({ code: 0 });
  expect(readdirSync(cold)).toContain('headrace-tier.json');
  expect(await rows()).toContain("TTL recorded_at + toIntervalMonth(3) TO VOLUME 'cold' SETTINGS");
  expect(await runCommand('migrate', '--data', data, '--cold-after-months', '6', '--delete-expired')).toMatchObject({
    code: 0,
  });
  expect(await rows()).toContain(
    "TTL recorded_at + toIntervalMonth(6) TO VOLUME 'cold', recorded_at + toIntervalMonth(84) SETTINGS",
  );
  expect(await runCommand('migrate', '--data', data, '--storage-policy', 'x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--storage-policy is of a ClickHouse server'),
  });
  rmSync(cold, { recursive: true });
  expect(await runCommand('query', 'SELECT 1', '--data', data)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/Is the disk mounted\?.*\[TIERS_INVALID\]/),
  });
  const printed = await runCommand('migrate', '--print', '--storage-policy', 'tiered', '--data', data);
  expect(printed.out).toContain("ALTER TABLE headrace.postings_rows MODIFY SETTING storage_policy = 'tiered';\n");
}, 60_000);

it.each([
  [['--cold-directory', 'x', '--clickhouse', 'http://127.0.0.1:1'], /are for the ClickHouse in the data directory/],
  [['--retention-months', '12'], /A retention of 12 months/],
  [['--cluster', 'main'], /go with --print/],
  [['--list', '--print'], /Choose one/],
  [['--print', '--from', '99'], /The last migration is \d+/],
  [['--print', '--cluster', 'a b'], /no name of a cluster/],
])(
  '%j is wrong usage',
  async (args, message) => {
    elsewhere();
    expect(await runCommand('migrate', ...args)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  },
  30_000,
);
