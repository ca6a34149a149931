import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drainPending, Session } from 'chdb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { engineError } from '../../../src/clickhouse/connection/engine-error.ts';
import { readMigrations } from '../../../src/clickhouse/migrations.ts';
import { splitStatements } from '../../../src/clickhouse/sql-statements.ts';
import { applyTiers } from '../../../src/clickhouse/tiers/apply-tiers.ts';
import { type TierOptions, tierSettings } from '../../../src/clickhouse/tiers/tier-settings.ts';
import { temporaryDirectory } from '../../embedded-log.ts';
import { MIGRATIONS } from '../temporary-store.ts';

const settings = (options: TierOptions) => tierSettings(options, 'store');

/** An engine as an administrator sets a server up: policies of names and volumes of their own. */
const directory = temporaryDirectory();
let session: Session;
let commands: string[] = [];
const run = async (sql: string, format: string) => {
  try {
    return (await session.queryAsync(sql, { format })).text();
  } catch (error) {
    throw engineError('CLICKHOUSE_FAILED', error);
  }
};
const server: Pick<ClickHouse, 'command' | 'rows'> = {
  command: async (sql) => {
    commands.push(sql);
    await run(sql, 'TSV');
  },
  rows: async <T>(sql: string) =>
    (await run(sql, 'JSONEachRow'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T),
};

beforeAll(async () => {
  const disk = (name: string) => {
    mkdirSync(join(directory.path, name));
    return `<${name}><type>local</type><path>${directory.path}/${name}/</path></${name}>`;
  };
  const volume = (name: string, on = name) => `<${name}><disk>${on}</disk></${name}>`;
  const policy = (name: string, ...volumes: string[]) => `<${name}><volumes>${volumes.join('')}</volumes></${name}>`;
  const file = join(directory.path, 'server.xml');
  writeFileSync(
    file,
    `<clickhouse><storage_configuration><disks>${disk('slow')}${disk('cold')}${disk('archive')}</disks><policies>${[
      policy('tiered', volume('default'), volume('cold'), volume('archive')),
      policy('two', volume('default'), volume('cold', 'slow')),
      policy('other', volume('hot', 'default'), volume('cold')),
      policy('plain', volume('default'), volume('slow')),
    ].join('')}</policies></storage_configuration></clickhouse>`,
  );
  session = new Session(join(directory.path, 'data'), {
    connectionArgs: ['--async_load_databases=0', `--config-file=${file}`],
  });
});
afterAll(async () => {
  session.close();
  await drainPending();
  directory.remove();
});
beforeEach(async () => {
  await run('DROP DATABASE IF EXISTS headrace SYNC', 'TSV');
  await run('CREATE DATABASE headrace', 'TSV');
  for (const { sql } of readMigrations(MIGRATIONS)) for (const each of splitStatements(sql)) await run(each, 'TSV');
  commands = [];
});

const stateOf = async (name: string) => {
  const [row] = await server.rows<{ engine_full: string; storage_policy: string }>(
    `SELECT engine_full, storage_policy FROM system.tables WHERE database = 'headrace' AND name = '${name}'`,
  );
  return { policy: row!.storage_policy, ttl: / TTL (.*?) SETTINGS/.exec(row!.engine_full)?.[1] };
};

it('gives tables policy and rules once, changes what has changed, and takes away what is no longer asked for', async () => {
  await applyTiers(server, settings({}));
  expect(commands, 'nothing is asked for').toEqual([]);
  await applyTiers(server, settings({ storagePolicy: 'tiered' }));
  const moves = (cold: number) =>
    `recorded_at + toIntervalMonth(${cold}) TO VOLUME 'cold', recorded_at + toIntervalMonth(12) TO VOLUME 'archive'`;
  expect(await stateOf('postings_rows')).toEqual({ policy: 'tiered', ttl: moves(3) });
  expect(await stateOf('transactions_by_id_rows')).toEqual({ policy: 'default', ttl: undefined });
  expect(await stateOf('balances_rows')).toEqual({ policy: 'default', ttl: undefined });
  commands = [];
  await applyTiers(server, settings({ storagePolicy: 'tiered' }));
  expect(commands, 'a second start').toEqual([]);

  await applyTiers(server, settings({ storagePolicy: 'tiered', coldAfterMonths: 6, deleteExpired: true }));
  expect((await stateOf('postings_rows')).ttl).toBe(`${moves(6)}, recorded_at + toIntervalMonth(84)`);
  expect((await stateOf('withdrawals_rows')).ttl).toBe(moves(6));
  expect((await stateOf('dead_letters_rows')).ttl).toBe('taken_in_at + toIntervalMonth(84)');
  expect((await stateOf('balances_rows')).ttl).toBeUndefined();

  await applyTiers(server, settings({}));
  expect(await stateOf('postings_rows')).toEqual({ policy: 'tiered', ttl: undefined });
  expect((await stateOf('dead_letters_rows')).ttl).toBeUndefined();
});

it('a crash between two tables is mended by the next start', async () => {
  let left = 3;
  const dying: typeof server = {
    ...server,
    command: async (sql) => {
      if (left-- === 0) throw new Error('planted');
      await server.command(sql);
    },
  };
  const tiered = settings({ storagePolicy: 'tiered' });
  await expect(applyTiers(dying, tiered)).rejects.toThrow('planted');
  expect((await stateOf('withdrawals_rows')).ttl).toBeUndefined();
  await applyTiers(server, tiered);
  for (const name of ['transactions_rows', 'withdrawals_rows'])
    expect(await stateOf(name)).toEqual({ policy: 'tiered', ttl: expect.stringContaining("'archive'") });
});

it('a policy with one of the tiers has that one', async () => {
  await applyTiers(server, settings({ storagePolicy: 'two' }));
  expect(await stateOf('postings_rows')).toEqual({
    policy: 'two',
    ttl: "recorded_at + toIntervalMonth(3) TO VOLUME 'cold'",
  });
});

it.each([
  ['missing', /has no storage policy missing; there are: default, other, plain, tiered, two/],
  ['plain', /has neither a volume cold nor one named archive/],
  ['other', /does not take the storage policy other, .*volumes/s],
])('the policy %s is refused', async (storagePolicy, message) => {
  await expect(applyTiers(server, settings({ storagePolicy }))).rejects.toMatchObject({
    code: 'TIERS_INVALID',
    retriable: false,
    message: expect.stringMatching(message),
  });
  expect(await stateOf('transactions_rows')).toEqual({ policy: 'default', ttl: undefined });
});

it('a rule that somebody else has given a table is left, and stands in the way of tiers', async () => {
  await run('ALTER TABLE headrace.postings_rows MODIFY TTL recorded_at + toIntervalYear(10)', 'TSV');
  await applyTiers(server, settings({}));
  expect((await stateOf('postings_rows')).ttl).toBe('recorded_at + toIntervalYear(10)');
  await expect(applyTiers(server, settings({ deleteExpired: true }))).rejects.toMatchObject({
    code: 'TIERS_INVALID',
    message: expect.stringContaining("has a TTL that is not Headrace's: recorded_at + toIntervalYear(10)"),
  });
  expect((await stateOf('postings_rows')).ttl).toBe('recorded_at + toIntervalYear(10)');
});

it('a database without these tables needs nothing', async () => {
  await run('DROP DATABASE headrace SYNC', 'TSV');
  await applyTiers(server, settings({ storagePolicy: 'tiered', deleteExpired: true }));
  expect(commands).toEqual([]);
});
