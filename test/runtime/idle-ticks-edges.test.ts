import { StreamsBuilder, TimeWindows, type Topology, type Windowed } from 'headrace';
import { describe, expect, it } from 'vitest';
import type { NewRecord } from '../../src/log/record.ts';
import type { ErrorHandlers } from '../../src/runtime/error-handlers.ts';
import type { IdleTick } from '../../src/runtime/idle-tick.ts';
import { text } from '../text-serde.ts';
import { byKey, recordsOf, TickingApplication, type TickingOptions } from './ticking-application.ts';

const serdes = { key: text, value: text };
const TICKS = 'app-in0-idle-ticks';

const flat = ({ key, window }: Windowed<string>, value: number): [string, string] => [
  `${key}@${window.start}`,
  `${value}`,
];

const at = (timestamp: number, key = 'a', partition = 0): NewRecord => ({
  topic: 'in0',
  partition,
  timestamp,
  key: Buffer.from(key),
  value: Buffer.from('x'),
});

/** Counts of `sizeMs`; `each` sees every record before it is counted, and `closed` every window that has closed. */
function counts(sizes: readonly number[], each = () => {}, closed = () => {}): Topology {
  const builder = new StreamsBuilder();
  const grouped = builder
    .stream('in0', serdes)
    .peek((key) => key === 'slow' && each())
    .groupByKey();
  for (const sizeMs of sizes) {
    grouped
      .windowedBy(TimeWindows.of({ sizeMs, graceMs: 0 }))
      .count({ name: `counts-${sizeMs}`, emit: 'onWindowClose' })
      .toStream()
      .peek(closed)
      .map(flat)
      .to('out', serdes);
  }
  return builder.build();
}

async function started(topology: Topology, options: Partial<TickingOptions> = {}, records: readonly NewRecord[] = []) {
  const topics = ['in0', 'out', ...(records.length > 0 ? [TICKS] : [])];
  const app = new TickingApplication({ seed: 1, topology, topics, partitions: 1, members: ['one'], ...options });
  await app.open(records);
  return app;
}

const timesOf = async (app: TickingApplication) =>
  (await recordsOf(app.log, TICKS)).map(({ value }) => (JSON.parse(Buffer.from(value!).toString()) as IdleTick).time);

describe('a tick', () => {
  it('comes also for what a cached table holds back when the silence begins', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in0', serdes)
      .groupByKey()
      .count({ name: 'counts', cached: true })
      .suppress({ name: 'suppressed', kind: 'timeLimit', ms: 400 })
      .toStream()
      .mapValues((count) => `${count}`)
      .to('out', serdes);
    const app = await started(builder.build(), { commitIntervalMs: 10_000 });
    await app.log.append([at(1_000), at(1_010)]);
    await app.sleep(390);
    expect(await recordsOf(app.log, 'out')).toEqual([]);
    await app.sleep(11_000);
    expect(byKey(await recordsOf(app.log, 'out'))).toEqual({ a: ['2 1010'] });
    await app.stop();
  });

  it('that fails and is skipped is written once, and not tried again before there is something new', async () => {
    let fails = true;
    const closed = () => {
      if (fails) throw new RangeError('planted');
    };
    const errorHandlers: ErrorHandlers = { processing: () => 'skip' };
    const app = await started(counts([200], undefined, closed), { errorHandlers, commitIntervalMs: 100 });
    await app.log.append([at(1_000)]);
    await app.sleep(5_000);
    expect(await timesOf(app)).toHaveLength(1);
    fails = false;
    await app.log.append([at(1_020)]);
    await app.sleep(1_000);
    expect(byKey(await recordsOf(app.log, 'out'))).toEqual({ 'a@1000': ['2 1020'] });
    const sequences = (await recordsOf(app.log, TICKS)).map(
      ({ value }) => JSON.parse(Buffer.from(value!).toString()).sequence,
    );
    expect(sequences).toEqual([1, 2]);
    await app.stop();
  });

  it('is not written for a time that no record can have', async () => {
    const app = await started(counts([200]));
    const timestamp = Number.MAX_SAFE_INTEGER - 291;
    await app.log.append([at(timestamp)]);
    await app.sleep(5_000);
    expect(await timesOf(app)).toEqual([]);
    await app.stop();
  });

  it('stands for whole milliseconds, whatever the clock gives', async () => {
    let skewMs = 0;
    const app = await started(counts([200]), { skewMs: () => (skewMs += 0.001) });
    await app.log.append([at(1_000)]);
    await app.sleep(1_000);
    const times = await timesOf(app);
    expect(times.map(Number.isSafeInteger)).toEqual([true]);
    await app.stop();
  });

  it('without a value is one that no worker has written', async () => {
    const app = await started(counts([200]), {}, [
      { topic: TICKS, partition: 0, timestamp: 1, key: null, value: null },
    ]);
    await app.sleep(500);
    await expect(app.stop()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });

  it('that is replayed alone moves the time on which the next silence builds', async () => {
    const ticks = [1_300, 9_000].map((time, i) => ({ sequence: i + 1, time, positions: { in0: 1 } }));
    const written = ticks.map((tick) => ({
      ...at(tick.time),
      topic: TICKS,
      key: null,
      value: Buffer.from(JSON.stringify(tick)),
    }));
    const app = await started(counts([200, 5_000, 10_000]), { pollRecordsMax: 1 }, [at(1_000), ...written]);
    await app.sleep(1_500);
    expect(byKey(await recordsOf(app.log, 'out'))).toEqual({ 'a@1000': ['1 1000'], 'a@0': ['1 1000', '1 1000'] });
    await app.stop();
  });

  it('comes for a silent partition although another one is busy all the time', async () => {
    let skewMs = 0;
    const slow = () => {
      skewMs++;
    };
    const options = { partitions: 2, skewMs: () => skewMs, commitIntervalMs: 100 };
    const app = await started(counts([200], slow), options);
    await app.log.append([at(1_000)]);
    await app.idle();
    await app.log.append(Array.from({ length: 30_000 }, () => at(1_000, 'slow', 1)));
    await app.idle();
    const [time = Number.POSITIVE_INFINITY] = await timesOf(app);
    // The window's end is 1200; 2000 records are between two looks at the clock.
    expect(time).toBeLessThan(10_000);
    expect(skewMs).toBe(30_000);
    await app.stop();
  });

  it('does not count as silence what the worker was too busy to see', async () => {
    let skewMs = 0;
    let sent: Promise<unknown> | undefined;
    const slow = () => {
      skewMs += 2_000;
      sent = app.log.append([at(1_010)]);
    };
    const app: TickingApplication = await started(counts([200], slow), { partitions: 2, skewMs: () => skewMs });
    await app.log.append([at(1_000)]);
    await app.sleep(50);
    await app.log.append([at(1_000, 'slow', 1)]);
    await app.sleep(2_000);
    await sent;
    expect(byKey(await recordsOf(app.log, 'out'))['a@1000']).toEqual(['2 1010']);
    await app.stop();
  });
});
