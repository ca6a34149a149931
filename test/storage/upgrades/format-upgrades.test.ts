import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadraceError } from '../../../src/errors.ts';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { committedParking } from '../../../src/runtime/parked-keys.ts';
import { DATA_FORMAT, openDataDirectory } from '../../../src/storage/data-directory.ts';
import { Environment } from '../../../src/storage/environment.ts';
import { MetaTable } from '../../../src/storage/meta-table.ts';
import { type FormatUpgrade, formatUpgrades } from '../../../src/storage/upgrades/format-upgrades.ts';
import { runCommand } from '../../app/cli/run-command.ts';
import { layFormat1 } from './format-1.ts';

const LEDGER = 'account-ledger';
const SOURCE = { topic: 'transactions', partition: 0 };

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'headrace-upgrade-'));
  layFormat1(path);
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

async function withMeta<T>(use: (meta: MetaTable, environment: Environment) => T): Promise<T> {
  const environment = Environment.open(join(path, 'log'));
  try {
    return use(MetaTable.of(environment)!, environment);
  } finally {
    await environment.close();
  }
}

const formatOnDisk = () => withMeta((meta) => meta.get('format'));
const storesOnDisk = () =>
  withMeta((_meta, environment) => {
    const names: string[] = [];
    environment
      .table('stores', { write: (key: number, target, start) => target.writeUInt32BE(key, start), read: () => 0 })!
      .forEach({}, (_key, value) => {
        names.push((JSON.parse(Buffer.from(value).toString()) as { store: string }).store);
        return true;
      });
    return names.filter((name) => name.startsWith('__parked'));
  });

/** What waits, as this release reads it. */
async function parked(): Promise<unknown> {
  const log = new EmbeddedLog({ directory: openDataDirectory(path, { clock: Date.now }), clock: Date.now });
  try {
    return committedParking(log.state(LEDGER), SOURCE);
  } finally {
    await log.close();
  }
}

describe('upgrades of the format', () => {
  it('lead without a gap from the first format to the present one', () => {
    expect(formatUpgrades.map(({ to }) => to)).toEqual(Array.from({ length: DATA_FORMAT - 1 }, (_, i) => i + 2));
  });

  it('bring up what format 1 has left, once, and lose nothing that waits', async () => {
    expect([await formatOnDisk(), await storesOnDisk()]).toEqual([1, ['__parked']]);
    const first = openDataDirectory(path, { clock: Date.now });
    expect(first.upgrades).toEqual(formatUpgrades);
    await first.close();
    expect([await formatOnDisk(), await storesOnDisk()]).toEqual([DATA_FORMAT, ['__parked.transactions']]);
    const second = openDataDirectory(path, { clock: Date.now });
    expect(second.upgrades).toEqual([]);
    await second.close();
    expect(await parked()).toEqual({ keys: [{ episode: 1, next: 0, last: 1 }], dropped: 0 });
  });

  it('are done by whichever command comes first, which then finds what waits', async () => {
    const { code, out, err } = await runCommand('dlq', 'list', 'transactions.dlq', '--data', path);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const letters = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(letters).toMatchObject([
      { source: { topic: 'transactions', partition: 0, offset: 1 }, parked: { sequence: 0, status: 'next' } },
      { source: { topic: 'transactions', partition: 0, offset: 2 }, parked: { sequence: 1, status: 'waits' } },
    ]);
    expect(readFileSync(join(path, 'headrace.log'), 'utf8')).toContain(
      'data directory upgraded: what waits behind dead letters',
    );
  });

  it('are refused by releases that know only the format before', async () => {
    await openDataDirectory(path, { clock: Date.now }).close();
    // What such a release does: it compares with the format that it knows.
    await withMeta((meta, environment) => environment.transaction(() => meta.put('format', DATA_FORMAT + 1)));
    expect(() => openDataDirectory(path, { clock: Date.now })).toThrow(
      expect.objectContaining({ code: 'DATA_DIRECTORY_NEWER' }),
    );
    expect(await formatOnDisk()).toBe(DATA_FORMAT + 1);
  });

  it('leave the directory as it was where one breaks off in the middle', async () => {
    const breaking: FormatUpgrade = {
      to: 2,
      what: 'breaks off',
      run: (environment, context) => {
        formatUpgrades[0]!.run(environment, context);
        throw new HeadraceError('STORAGE_FULL', 'no room');
      },
    };
    expect(() => openDataDirectory(path, { clock: Date.now, upgrades: [breaking] })).toThrow('no room');
    expect([await formatOnDisk(), await storesOnDisk()]).toEqual([1, ['__parked']]);
    expect(await parked()).toEqual({ keys: [{ episode: 1, next: 0, last: 1 }], dropped: 0 });
    expect(await formatOnDisk()).toBe(DATA_FORMAT);
  });

  it('do not touch what a living process has open', async () => {
    await withMeta((meta, environment) =>
      environment.transaction(() => meta.put('owner', { pid: process.ppid, startTime: null, bootId: null, since: 0 })),
    );
    expect(() => openDataDirectory(path, { clock: Date.now })).toThrow(
      expect.objectContaining({ code: 'DATA_DIRECTORY_IN_USE' }),
    );
    expect(await formatOnDisk()).toBe(1);
  });

  it('raise only the number where the log is on Kafka: the stores follow their changelogs there', async () => {
    await withMeta((meta, environment) => environment.transaction(() => meta.put('log', 'kafka')));
    await openDataDirectory(path, { clock: Date.now }).close();
    expect([await formatOnDisk(), await storesOnDisk()]).toEqual([DATA_FORMAT, ['__parked']]);
  });
});
