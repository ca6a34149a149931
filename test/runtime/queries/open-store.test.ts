import { keyValueStore, SessionWindows, StreamsBuilder, TimeWindows, type Topology, timeWindowedSerde } from 'headrace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { partitionFor } from '../../../src/log/partitioner.ts';
import { openStore, type QueriedApplication, queriedStores } from '../../../src/runtime/queries/open-store.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../../embedded-log.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
const joined = { reducer: (all: string, value: string) => `${all}+${value}` };
const PARTITIONS = 3;

function topology(): Topology {
  const builder = new StreamsBuilder();
  const names = builder.globalTable('names', { ...serdes, name: 'names' });
  builder.table('prices', { ...serdes, name: 'prices', historyMs: 1_000 });
  const rows = builder.table('rows', { ...serdes, name: 'rows' });
  const others = builder.table('others', { ...serdes, name: 'others' });
  rows.joinOnForeignKey(
    others,
    (row) => row,
    (row) => row,
    { name: 'fk', value: text },
  );
  const words = builder.stream('words', serdes);
  words
    .join(
      names,
      (key) => key,
      (word) => word,
    )
    .to('out', serdes);
  const grouped = words.groupByKey(serdes);
  const windows = grouped
    .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 1_000 }))
    .reduce({ name: 'windows', ...joined });
  windows
    .toStream()
    .repartition({ name: 'again', key: timeWindowedSerde(text, 10), value: text })
    .toTable({ name: 'window-rows', key: timeWindowedSerde(text, 10), value: text });
  windows.suppress({ kind: 'windowCloses', name: 'held' });
  grouped.windowedBy(SessionWindows.of({ gapMs: 3, graceMs: 1_000 })).reduce({ name: 'sessions', ...joined });
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
let application: QueriedApplication;
/** The partitions that queries have looked into. */
const asked: number[] = [];

const keys = Array.from({ length: 12 }, (_, i) => `k${String(i).padStart(2, '0')}`);
const rows = keys.map((key) => [key, `v-${key}`] as const);
const { plan } = topology();

beforeAll(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path, { appendLingerMs: 0 });
  await log.createTopics(
    ['names', 'rows', 'others', 'prices', 'words', 'out'].map((name) => topicConfig(name, PARTITIONS)),
  );
  worker = new Worker({ log, topology: topology(), application: 'app', clock: Date.now, commitIntervalMs: 5 });
  running = worker.run();
  const state = (group: string) => {
    const committed = log.state(group);
    return {
      partition(store: string, partition: number) {
        asked.push(partition);
        return committed.partition(store, partition);
      },
    };
  };
  application = { plan, log: { state }, application: 'app', partitionsOf: () => PARTITIONS };

  await appendText(log, 'rows', rows, 7);
  await appendText(log, 'names', rows, 8);
  for (const [key, value, time] of [
    ['a', 'x', 1],
    ['b', 'y', 2],
    ['a', 'z', 15],
    ['b', 'w', 15],
  ] as const) {
    await appendText(log, 'words', [[key, value]], time);
    await appendText(log, 'prices', [[key, value]], time);
    await worker.idle();
  }
  await appendText(log, 'prices', [['b', null]], 20);
  await appendText(log, 'words', rows, 16);
  await worker.idle();
});

afterAll(async () => {
  worker.stop();
  await running;
  await log.close();
  directory.remove();
});

const strings = { key: text, value: text } as const;
const windowAt = (start: number) => ({ start, end: start + 10 });
const refused = (code: string, part: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(part) });

describe('rows by key', () => {
  it.each([
    ['a table', 'rows', 7],
    ['a global table', 'names', 8],
  ])('reads %s over all partitions, in the order of the keys', (_what, name, timestamp) => {
    const view = openStore(application, name, { ...strings, kind: 'table' });
    const all = rows.map(([key, value]) => ({ key, value, timestamp }));
    expect(view.all()).toEqual(all);
    expect(view.all({ limit: 5 })).toEqual(all.slice(0, 5));
    expect(view.range({ from: 'k03', to: 'k09' })).toEqual(all.slice(3, 9));
    expect(view.range({ from: 'k03', limit: 2 })).toEqual(all.slice(3, 5));
    expect(view.range({ from: 'k09', to: 'k03' })).toEqual([]);
    expect(keys.map((key) => view.get(key))).toEqual(all);
    expect(view.get('none')).toBeUndefined();
  });

  it('looks for a key in its partition, and in the others where it is not there', () => {
    const view = openStore(application, 'rows', { ...strings, kind: 'table' });
    const home = partitionFor(Buffer.from('k05'), PARTITIONS);
    asked.length = 0;
    view.get('k05');
    expect(asked).toEqual([home]);
    asked.length = 0;
    view.get('none');
    expect([...asked].sort()).toEqual([0, 1, 2]);
    // A windowed key is in the partition of its key, not in that of its bytes.
    const windows = openStore(application, 'window-rows', { kind: 'table', key: timeWindowedSerde(text, 10) });
    for (const key of ['a', 'b', ...keys]) {
      asked.length = 0;
      expect(windows.get({ key, window: windowAt(10) })?.value).toEqual(expect.any(String));
      expect(asked).toEqual([partitionFor(Buffer.from(key), PARTITIONS)]);
    }
  });

  it('reads what a process keeps under keys of its own, without a time', () => {
    const seen = openStore(application, 'seen', { ...strings, kind: 'keyValue' });
    expect(rows.map(([, value]) => seen.get(value))).toEqual(rows.map(([key, value]) => ({ key: value, value: key })));
    expect(seen.range({ from: 'w' }).map(({ key }) => key)).toEqual(['w', 'x', 'y', 'z']);
  });
});

describe('windows', () => {
  it('reads those of a key by their start', () => {
    const view = openStore(application, 'windows', { ...strings, kind: 'window' });
    const [first, second] = [
      { key: 'a', window: windowAt(0), value: 'x', timestamp: 1 },
      { key: 'a', window: windowAt(10), value: 'z', timestamp: 15 },
    ];
    expect(view.fetch('a')).toEqual([first, second]);
    expect(view.fetch('a', { from: 0.5 })).toEqual([second]);
    expect(view.fetch('a', { to: 9 })).toEqual([first]);
    expect(view.fetch('a', { from: 0, to: 10, limit: 1 })).toEqual([first]);
    expect(view.fetch('a', { from: 10, to: 0 })).toEqual([]);
    expect(view.fetch('a', { from: -Infinity, to: -1 })).toEqual([]);
    expect(view.get('a', 10)).toEqual(second);
    expect(view.get('a', 5)).toBeUndefined();
    expect(view.fetch('none')).toEqual([]);
  });

  it('reads those of all keys and partitions in the order of start and key', () => {
    const view = openStore(application, 'windows', { ...strings, kind: 'window' });
    const shown = (options: Parameters<typeof view.fetchAll>[0]) =>
      view.fetchAll(options).map(({ key, window, value, timestamp }) => `${window.start} ${key} ${value} ${timestamp}`);
    const later = ['10 a z 15', '10 b w 15', ...rows.map(([key, value]) => `10 ${key} ${value} 16`)];
    expect(shown({})).toEqual(['0 a x 1', '0 b y 2', ...later]);
    expect(shown({ from: 1, to: 10 })).toEqual(later);
    expect(shown({ limit: 3 })).toEqual(['0 a x 1', '0 b y 2', '10 a z 15']);
    expect(shown({ from: 11 })).toEqual([]);
  });

  it('reads sessions that touch a span of time', () => {
    const view = openStore(application, 'sessions', { ...strings, kind: 'session' });
    const first = { key: 'a', window: { start: 1, end: 1 }, value: 'x', timestamp: 1 };
    const second = { key: 'a', window: { start: 15, end: 15 }, value: 'z', timestamp: 15 };
    expect(view.fetch('a')).toEqual([first, second]);
    expect(view.fetch('a', { from: 2 })).toEqual([second]);
    expect(view.fetch('a', { to: 14 })).toEqual([first]);
    expect(view.fetch('a', { from: 2, to: 14 })).toEqual([]);
    const found = view.fetchAll({ from: 3, to: 15 }).map(({ key, value }) => `${key} ${value}`);
    expect(found).toEqual(['a z', 'b w']);
    expect(view.fetchAll({ limit: 3 }).map(({ key }) => key)).toEqual(['a', 'b', 'a']);
  });
});

describe('versions', () => {
  it('reads a row as it is and as it was', () => {
    const view = openStore(application, 'prices', { ...strings, kind: 'versioned' });
    expect(view.get('a')).toEqual({ key: 'a', value: 'z', timestamp: 15 });
    expect(view.get('b')).toBeUndefined();
    expect([-1, 0, 1, 14, 15, Infinity].map((time) => view.asOf('a', time)?.value)).toEqual([
      undefined,
      undefined,
      'x',
      'x',
      'z',
      'z',
    ]);
    expect(view.asOf('b', 19)).toEqual({ key: 'b', value: 'w', timestamp: 15 });
    expect(view.asOf('b', 20)).toBeUndefined();
    expect(view.versions('a')).toEqual([
      { value: 'z', from: 15, to: Infinity },
      { value: 'x', from: 1, to: 15 },
    ]);
    expect(view.versions('b', { from: 3 }).map(({ value, to }) => `${value} ${to}`)).toEqual(['w 20', 'y 15']);
    expect(view.versions('b', { to: 14 }).map(({ value }) => value)).toEqual(['y']);
    expect(view.versions('a', { limit: 1 })).toHaveLength(1);
    expect(view.all()).toEqual([{ key: 'a', value: 'z' }]);
  });
});

describe('what can be asked', () => {
  it('names the stores that there are, and refuses others', () => {
    const names = queriedStores(plan).map(({ name, kind }) => `${name} ${kind}`);
    expect(names).toEqual([
      'fk table',
      'names table',
      'others table',
      'prices versioned',
      'rows table',
      'seen keyValue',
      'sessions session',
      'window-rows table',
      'windows window',
    ]);
    expect(() => openStore(application, 'nope')).toThrowError(
      refused('STORE_UNKNOWN', 'no store nope; for queries there are fk, names, others, prices'),
    );
    expect(() => openStore(application, 'windows', { kind: 'table' })).toThrowError(
      refused('STORE_UNKNOWN', "of the kind 'window', not 'table'"),
    );
    const kept = plan.subTopologies.flatMap(({ stores }) => stores).map(({ name }) => name);
    const hidden = kept.filter((name) => !names.some((each) => each.startsWith(`${name} `)));
    expect(hidden).toContain('held');
    expect(hidden).toHaveLength(2);
    for (const name of hidden) {
      expect(() => openStore(application, name)).toThrowError(
        refused('STORE_UNKNOWN', 'what a join or a suppress operator keeps for itself'),
      );
    }
  });

  it('refuses limits and times that are none', () => {
    const table = openStore(application, 'rows', { kind: 'table' });
    const windows = openStore(application, 'windows', { kind: 'window' });
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      expect(() => table.all({ limit })).toThrowError(refused('USAGE', 'a whole number of at least 1'));
      expect(() => windows.fetch('a', { limit })).toThrowError(refused('USAGE', 'a whole number of at least 1'));
    }
    expect(() => windows.fetchAll({ from: Number.NaN })).toThrowError(refused('USAGE', 'milliseconds since 1970'));
  });
});
