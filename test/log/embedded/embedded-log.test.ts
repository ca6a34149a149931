import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedLog, type EmbeddedLogOptions } from '../../../src/log/embedded/embedded-log.ts';
import { type LogTables, openLogTables } from '../../../src/log/embedded/log-tables.ts';
import { type DataDirectory, openDataDirectory } from '../../../src/storage/data-directory.ts';
import { bufferOf, codeOf, drain, readAll, record, topic } from '../../conformance/log/log-under-test.ts';

let path: string;
let directory: DataDirectory;
let log: EmbeddedLog;
const steps: string[] = [];
const open = (options: Partial<EmbeddedLogOptions> = {}) => {
  directory = openDataDirectory(path, { clock: Date.now });
  log = new EmbeddedLog({ directory, clock: () => 1_000, onStep: (step) => steps.push(step), ...options });
};
beforeEach(async () => {
  steps.length = 0;
  path = mkdtempSync(join(tmpdir(), 'headrace-embedded-'));
  open();
  await log.createTopics([topic('t'), topic('u')]);
});
afterEach(async () => {
  await log.close();
  rmSync(path, { recursive: true, force: true });
});

describe('group commit', () => {
  it('writes appends of many producers and commits of members in one transaction, and answers after it', async () => {
    const members = await Promise.all(['a', 'b'].map((group) => log.join({ group, member: 'm', topicSets: [['t']] })));
    const epochs = [(await drain(members[0]!)).epoch, (await drain(members[1]!)).epoch];
    const order: string[] = [];
    const appends = Array.from({ length: 100 }, (_, i) =>
      log.append([record('t', null, `${i}`)]).then(() => order.push('append')),
    );
    const commits = members.map((member, i) =>
      member
        .commit({
          epoch: epochs[i]!,
          records: [{ topic: 'u', partition: 0, buffer: bufferOf(`${i}`) }],
          offsets: [],
          stateChanges: [],
        })
        .then(() => order.push('commit')),
    );
    expect(steps).toEqual(new Array(100).fill('append-queued'));
    await Promise.all([...appends, ...commits]);
    expect(steps.slice(100)).toEqual(['commit-begin', 'commit-written', 'commit-synced']);
    expect(order).toHaveLength(102);
    expect(await readAll(log, 'u')).toEqual(['0 null=0', '1 null=1']);
  });

  it('lets appends alone wait for each other for a moment, but not for long', async () => {
    const begun = performance.now();
    const first = log.append([record('t', null, '1')]);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, log.append([record('t', null, '2')])]);
    expect(steps.filter((step) => step === 'commit-synced')).toHaveLength(1);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe('reading', () => {
  it('joins many tiny batches into few, with the right offsets, from any offset', async () => {
    await log.close();
    open({ appendLingerMs: 0 });
    const values = Array.from({ length: 300 }, (_, i) => `${i}`);
    for (const value of values)
      await log.append([record('t', `k${value}`, value, { headers: [['h', Buffer.from(value)]] })]);
    expect(steps.filter((step) => step === 'commit-synced')).toHaveLength(300);
    const member = await log.join({ group: 'g', member: 'm', topicSets: [['t']] });
    await member.poll({ maxRecords: 1, timeoutMs: 0 });
    const { batches } = await member.poll({ maxRecords: 1_000, timeoutMs: 0 });
    expect(batches.length).toBeLessThan(3);
    expect(
      batches.flatMap((batch) =>
        Array.from({ length: batch.length }, (_, i) => [
          batch.offsetAt(i),
          Buffer.from(batch.headersAt(i)[0]![1]!).toString(),
        ]),
      ),
    ).toEqual(values.map((value, i) => [i, value]));
    for (const from of [0, 1, 137, 299]) expect((await log.read('t', 0, from))!.offsetAt(0)).toBe(from);
  });

  it('finds a flipped bit, a batch under a wrong key and a batch that is cut off', async () => {
    const damage: ((tables: LogTables, bytes: Buffer) => void)[] = [
      ({ batches }, bytes) => {
        bytes[bytes.length - 1]! ^= 1;
        batches.put({ partitionId: 0, baseOffset: 0 }, bytes);
      },
      ({ batches }, bytes) => {
        bytes[20]! ^= 64;
        batches.put({ partitionId: 0, baseOffset: 0 }, bytes);
      },
      ({ batches }, bytes) => batches.put({ partitionId: 0, baseOffset: 0 }, bytes.subarray(0, 30)),
      ({ batches }, bytes) => batches.put({ partitionId: 1, baseOffset: 0 }, bytes.subarray(0, bytes.length - 1)),
      ({ batches }) => batches.put({ partitionId: 1, baseOffset: 0 }, batches.get({ partitionId: 1, baseOffset: 1 })!),
    ];
    await log.append([record('t', 'k', 'some value')]);
    await log.append([record('u', 'k', 'first')]);
    await log.append([record('u', 'k', 'second')]);
    const tables = openLogTables(directory.environment);
    const whole = Buffer.from(tables.batches.get({ partitionId: 0, baseOffset: 0 })!);
    for (const [i, change] of damage.entries()) {
      directory.environment.transaction(() => change(tables, Buffer.from(whole)));
      expect(await codeOf(log.read(i < 3 ? 't' : 'u', 0, 0)), `damage ${i}`).toBe('LOG_CORRUPT');
    }
    directory.environment.transaction(() => tables.batches.put({ partitionId: 0, baseOffset: 0 }, whole));
    expect(await readAll(log, 't')).toEqual(['0 k=some value']);
  });
});

describe('maintenance', () => {
  it('runs by itself', async () => {
    await log.close();
    let nowMs = 1_000;
    open({ maintenanceIntervalMs: 5, clock: () => nowMs });
    await log.createTopics([topic('short', { retentionMs: 100 })]);
    await log.append([record('short', 'k', 'v')]);
    nowMs = 2_000;
    for (let i = 0; i < 200 && (await log.watermarks('short'))[0]!.start === 0; i++) await sleep(5);
    expect((await log.watermarks('short'))[0]).toMatchObject({ start: 1, end: 1 });
  });
});
