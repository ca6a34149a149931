import { keyValueStore, SessionWindows, StreamsBuilder, TimeWindows, type Topology } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { QueryableStores } from '../../src/runtime/queryable-stores.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };
const join = { reducer: (all: string, value: string) => `${all}+${value}` };

function topology(): Topology {
  const builder = new StreamsBuilder();
  const global = builder.globalTable('names', { ...serdes, name: 'names' });
  builder.table('rows', { ...serdes, name: 'rows' });
  builder.table('prices', { ...serdes, name: 'prices', historyMs: 1_000 });
  const words = builder.stream('words', serdes);
  words
    .join(
      global,
      (key) => key,
      (word) => word,
    )
    .to('out', serdes);
  const grouped = words.groupByKey({ key: text, value: text });
  grouped.windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 1_000 })).reduce({ name: 'windows', ...join });
  grouped.windowedBy(SessionWindows.of({ gapMs: 3, graceMs: 1_000 })).reduce({ name: 'sessions', ...join });
  words.process({
    name: 'by-value',
    stores: { seen: keyValueStore({ name: 'seen', key: text, value: text }) },
    key: text,
    value: text,
    processor: (context) => (key, value) => context.stores.seen.put(value!, key!),
  });
  return builder.build();
}

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;
let worker: Worker;
let running: Promise<void>;
let stores: QueryableStores;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  const topics = ['names', 'rows', 'prices', 'words', 'out'].map((name) => topicConfig(name, 3));
  await log.createTopics(topics);
  worker = new Worker({ log, topology: topology(), application: 'app', clock: Date.now, commitIntervalMs: 5 });
  running = worker.run();
  stores = new QueryableStores({ topology: topology(), log, application: 'app', partitionsOf: () => 3 });
});

afterEach(async () => {
  worker.stop();
  await running;
  await log.close();
  directory.remove();
});

const keys = Array.from({ length: 12 }, (_, i) => `k${String(i).padStart(2, '0')}`);

describe('QueryableStores', () => {
  it('reads rows of tables and of a process over all partitions, in the order of their keys', async () => {
    const rows = keys.map((key) => [key, `v-${key}`] as const);
    await appendText(log, 'rows', rows, 7);
    await appendText(log, 'names', rows, 8);
    await appendText(log, 'words', rows, 9);
    await worker.idle();
    for (const [name, timestamp] of [
      ['rows', 7],
      ['names', 8],
    ] as const) {
      const view = stores.keyValue<string, string>(name);
      const all = rows.map(([key, value]) => ({ key, value, timestamp }));
      expect(view.range()).toEqual(all);
      expect(view.range({ from: 'k03', to: 'k09' })).toEqual(all.slice(3, 9));
      expect(view.range({ from: 'k03', limit: 2 })).toEqual(all.slice(3, 5));
      expect(keys.map((key) => view.get(key))).toEqual(all);
      expect(view.get('none')).toBeNull();
    }
    // Its keys are not those by which the records are spread.
    const seen = stores.keyValue<string, string>('seen');
    expect(rows.map(([, value]) => seen.get(value))).toEqual(rows.map(([key, value]) => ({ key: value, value: key })));
  });

  it('reads windows, sessions, and a row as it was', async () => {
    for (const [key, value, time] of [
      ['a', 'x', 1],
      ['b', 'y', 2],
      ['a', 'z', 15],
    ] as const) {
      await appendText(log, 'words', [[key, value]], time);
      await appendText(log, 'prices', [[key, value]], time);
      await worker.idle();
    }
    const windows = stores.window<string, string>('windows');
    expect(windows.fetch('a')).toEqual([
      { start: 0, value: 'x', timestamp: 1 },
      { start: 10, value: 'z', timestamp: 15 },
    ]);
    expect(windows.fetch('a', { from: 5 })).toHaveLength(1);
    expect(
      windows
        .fetchAll()
        .map(({ key, value }) => [key.window.start, value])
        .sort(),
    ).toEqual([
      [0, 'x'],
      [0, 'y'],
      [10, 'z'],
    ]);
    const sessions = stores.session<string, string>('sessions');
    expect(sessions.fetch('a').map(([window, value]) => [window.start, window.end, value])).toEqual([
      [1, 1, 'x'],
      [15, 15, 'z'],
    ]);
    expect(sessions.fetchAll({ to: 2 }).map(({ key, value }) => [key.key, value])).toEqual([
      ['a', 'x'],
      ['b', 'y'],
    ]);
    const prices = stores.versioned<string, string>('prices');
    expect([0, 1, 14, 15].map((time) => prices.asOf('a', time)?.value)).toEqual([undefined, 'x', 'x', 'z']);
    expect(prices.get('b')).toEqual({ key: 'b', value: 'y', timestamp: 2 });
    expect(prices.versions('a').map(({ value }) => value)).toEqual(['z', 'x']);
  });

  it('names the stores that there are, and refuses others', () => {
    expect(stores.list()).toEqual([
      { name: 'names', kind: 'keyValue' },
      { name: 'prices', kind: 'versioned' },
      { name: 'rows', kind: 'keyValue' },
      { name: 'seen', kind: 'keyValue' },
      { name: 'sessions', kind: 'session' },
      { name: 'windows', kind: 'window' },
    ]);
    const refused = (part: string) =>
      expect.objectContaining({ code: 'STORE_UNKNOWN', message: expect.stringContaining(part) });
    expect(() => stores.keyValue('nope')).toThrowError(refused('names, prices, rows'));
    expect(() => stores.keyValue('windows')).toThrowError(refused("window('windows')"));
  });
});
