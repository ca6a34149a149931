import { describe, expect, it, vi } from 'vitest';
import { Ticker } from '../../src/app/ticker.ts';
import { HeadraceError } from '../../src/errors.ts';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { Member } from '../../src/log/log.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { toBinaryString } from '../../src/state/binary-string.ts';
import { openLog, temporaryDirectory, topicConfig } from '../embedded-log.ts';

const PARTITIONS = 2;
const START = 1_700_000_000_000;

function keyOf(at: number, id: string): string {
  const bytes = Buffer.alloc(8 + id.length, id);
  bytes.writeBigInt64BE(BigInt(at));
  bytes.write(id, 8);
  return toBinaryString(bytes);
}

/** A log with a group that keeps deadlines, and a ticker at a time that only the test moves. */
async function setUp(append?: (log: EmbeddedLog) => (records: readonly NewRecord[]) => Promise<never>) {
  const directory = temporaryDirectory();
  const log = openLog(directory.path);
  await log.createTopics([topicConfig('in', PARTITIONS), topicConfig('timers', PARTITIONS)]);
  const member: Member = await log.join({ group: 'app', member: 'm', topicSets: [['in']] });
  const { assignment } = await member.poll({ maxRecords: 1, timeoutMs: 0 });
  let now = START;
  let appends = 0;
  let owned: readonly number[] = [0, 1];
  const start = () => {
    const through = append?.(log) ?? ((records: readonly NewRecord[]) => log.append(records));
    const ticker = new Ticker({
      log,
      append: (records) => {
        appends++;
        return through(records);
      },
      timers: [{ group: 'app', topic: 'timers' }],
      partitionsOf: () => owned,
      clock: () => now,
    });
    return { ticker, running: ticker.run() };
  };
  let { ticker, running } = start();
  return {
    log,
    set: (partition: number, entries: readonly (readonly [at: number, id: string, isThere?: boolean])[]) =>
      member.commit({
        epoch: assignment!.epoch,
        records: [],
        offsets: [],
        stateChanges: [
          {
            store: 'deadlines',
            partition,
            entries: entries.map(([at, id, isThere = true]) => [keyOf(at, id), isThere ? new Uint8Array(1) : null]),
          },
        ],
      }),
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    appends: () => appends,
    own: (partitions: readonly number[]) => {
      owned = partitions;
    },
    async ticks(partition: number): Promise<readonly unknown[]> {
      const batch = await log.read('timers', partition, 0);
      return Array.from({ length: batch?.length ?? 0 }, (_, index) => {
        expect(batch!.keyAt(index)).toBeNull();
        return (JSON.parse(Buffer.from(batch!.valueAt(index)!).toString()) as { at: number }).at - START;
      });
    },
    running: () => running,
    async restart() {
      ticker.stop();
      await running;
      ({ ticker, running } = start());
    },
    async [Symbol.asyncDispose]() {
      ticker.stop();
      await running.catch(() => undefined);
      await log.close();
      directory.remove();
    },
  };
}

/** As long as a look may take, and more. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 150));

describe('the ticker', () => {
  it('tells a partition the time when its first deadline is due, and no other', async () => {
    await using time = await setUp();
    await time.set(1, [
      [START + 500, 'a'],
      [START + 5_000, 'b'],
    ]);
    await settle();
    expect(await time.ticks(1), 'not before').toEqual([]);
    time.pass(500);
    await vi.waitFor(async () => expect(await time.ticks(1)).toEqual([500]), { timeout: 3_000 });
    await time.set(1, [[START + 500, 'a', false]]);
    await settle();
    expect(await time.ticks(1)).toEqual([500]);
    expect(await time.ticks(0)).toEqual([]);
  });

  it('ticks at once for what is due when it is committed, and again when the first deadline has moved', async () => {
    await using time = await setUp();
    await time.set(0, [
      [START - 1, 'a'],
      [START, 'b'],
    ]);
    await vi.waitFor(async () => expect(await time.ticks(0)).toEqual([0]));
    // A tick that fired only some of what is due leaves another entry first.
    await time.set(0, [[START - 1, 'a', false]]);
    await vi.waitFor(async () => expect(await time.ticks(0)).toEqual([0, 0]));
  });

  it('has one tick under way, and repeats one that nothing came of after a second', async () => {
    await using time = await setUp();
    await time.set(0, [[START, 'a']]);
    await vi.waitFor(async () => expect(await time.ticks(0)).toEqual([0]));
    await time.set(1, [[START + 90_000, 'other']]);
    await settle();
    expect(await time.ticks(0)).toEqual([0]);
    time.pass(1_000);
    await vi.waitFor(async () => expect(await time.ticks(0)).toEqual([0, 1_000]), { timeout: 3_000 });
  });

  it('leaves alone what others own, however long it is due here, and ticks when it is owned again', async () => {
    await using time = await setUp();
    time.own([1]);
    await time.set(0, [[START, 'left behind by an owner before']]);
    await time.set(1, [[START, 'a']]);
    await vi.waitFor(async () => expect(await time.ticks(1)).toEqual([0]));
    await settle();
    expect(await time.ticks(0)).toEqual([]);
    time.own([0, 1]);
    await time.set(1, [[START, 'a', false]]);
    await vi.waitFor(async () => expect(await time.ticks(0)).toEqual([0]));
  });

  it('sends none behind one that waits at the door', async () => {
    await using time = await setUp(() => () => new Promise<never>(() => undefined));
    await time.set(0, [[START, 'a']]);
    await vi.waitFor(() => expect(time.appends()).toBe(1));
    for (let second = 0; second < 5; second++) {
      time.pass(1_500);
      await time.set(1, [[START + 90_000 + second, 'other']]);
      await settle();
    }
    expect(time.appends()).toBe(1);
  });

  it('is of one mind with a restart: the state says what is due', async () => {
    await using time = await setUp();
    await time.set(0, [[START + 60_000, 'a']]);
    await settle();
    await time.restart();
    time.pass(60_001);
    await time.set(1, [[START + 900_000, 'other']]);
    await vi.waitFor(async () => expect(await time.ticks(0)).toEqual([60_001]), { timeout: 3_000 });
  });

  it('tries again what the log had no room for, and ends where no repetition helps', async () => {
    let refusals = 2;
    await using time = await setUp((log) => async (records) => {
      if (refusals-- > 0) throw new HeadraceError('LOG_BACKPRESSURE', 'planted', { retriable: true });
      return (await log.append(records)) as never;
    });
    await time.set(0, [[START, 'a']]);
    for (let second = 0; second < 3; second++) {
      await settle();
      time.pass(1_000);
      await time.set(1, [[START + 90_000 + second, 'other']]);
    }
    await vi.waitFor(async () => expect(await time.ticks(0)).toHaveLength(1));
    await using broken = await setUp(() => async () => {
      throw new HeadraceError('LOG_CORRUPT', 'planted');
    });
    const ended = expect(broken.running()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    await broken.set(0, [[START, 'a']]);
    await ended;
  });

  it('does not turn in circles while nothing is due', async () => {
    await using time = await setUp();
    await time.set(0, [[START + 3_600_000, 'a']]);
    const awaits = vi.spyOn(time.log, 'awaitCommit');
    await settle();
    await settle();
    expect(awaits.mock.calls.length).toBeLessThan(5);
  });
});
