import { countSerde, keyValueStore, StreamsBuilder, stringSerde, TimeWindows } from 'headrace';
import {
  EmbeddedApplication,
  type EmbeddedApplicationOptions,
  type TableRow,
  type Version,
  type WindowRow,
} from 'headrace/embedded';
import { afterEach, beforeEach, expect, expectTypeOf, it } from 'vitest';
import { temporaryDirectory } from '../../embedded-log.ts';

const strings = { key: stringSerde, value: stringSerde };
const counts = { key: stringSerde, value: countSerde };

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

function wordCount() {
  const builder = new StreamsBuilder();
  builder
    .stream('words', strings)
    .groupBy((_key, word) => word, { ...strings, name: 'by-word' })
    .count({ name: 'counts' })
    .toStream()
    .to('word-counts', counts);
  return builder.build();
}

function open(options: Partial<EmbeddedApplicationOptions> = {}): Promise<EmbeddedApplication> {
  return EmbeddedApplication.open({
    directory: directory.path,
    application: 'word-count',
    topology: wordCount(),
    partitions: 4,
    appendLingerMs: 0,
    ...options,
  });
}

const toBe = ['to', 'be', 'or', 'not', 'to', 'be'].map((value) => ({ key: null, value }));

async function readCounts(application: EmbeddedApplication) {
  const records = await application.topic('word-counts', counts).read();
  return records.map(({ key, value }) => `${key} ${value}`).sort();
}

it('processes what was appended, and goes on where it stopped when it is opened again', async () => {
  const first = await open();
  await first.topic('words', strings).append(toBe);
  await first.idle();
  expect(await readCounts(first)).toEqual(['be 1', 'be 2', 'not 1', 'or 1', 'to 1', 'to 2']);
  expect(first.metrics().deadLetters).toBe(0);
  await first.close();

  const second = await open();
  await second.topic('words', strings).append([{ key: null, value: 'be' }]);
  await second.idle();
  expect(await readCounts(second)).toEqual(['be 1', 'be 2', 'be 3', 'not 1', 'or 1', 'to 1', 'to 2']);
  await second.close();
});

it('puts a record where it is told to, else into the partition of its key, with the time that it is given', async () => {
  const application = await open({ clock: () => 77 });
  const words = application.topic('words', strings);
  const positions = await words.append([
    { key: null, value: 'a' },
    { key: 'k', value: 'b', timestamp: 5, headers: [['h', Buffer.from('x')]] },
    { key: 'k', value: 'c', partition: 3 },
  ]);
  const [first, second, third] = await words.read();
  expect(first).toMatchObject({ key: null, value: 'a', timestamp: 77, partition: 0 });
  expect(second).toMatchObject({ key: 'k', value: 'b', timestamp: 5, partition: positions[1]!.partition });
  expect(second!.headers.map(([name, value]) => [name, Buffer.from(value!).toString()])).toEqual([['h', 'x']]);
  expect(third).toMatchObject({ value: 'c', partition: 3 });
  await application.close();
});

it('appends records of several topics at once, or none of them', async () => {
  const application = await open({ topics: [{ name: 'others', partitions: 1 }] });
  const [words, others] = [application.topic('words', strings), application.topic('others', strings)];
  const both = [words.encode({ key: null, value: 'a' }), others.encode({ key: null, value: 'b' })];
  await application.append(both);
  await expect(application.append([...both, { ...both[1]!, partition: 1 }])).rejects.toMatchObject({
    code: 'PARTITION_UNKNOWN',
  });
  expect([(await words.read()).length, (await others.read()).length]).toEqual([1, 1]);
  await application.close();
});

it('reads from given offsets, and not beyond the end', async () => {
  const application = await open({ partitions: 1 });
  const words = application.topic('words', strings);
  await words.append(toBe);
  expect((await words.read({ from: [4] })).map(({ value }) => value)).toEqual(['to', 'be']);
  expect(await words.read({ from: [6] })).toEqual([]);
  await expect(words.read({ from: [7] })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  await application.close();
});

it('follows a topic until it is told to stop, or the application closes', async () => {
  const application = await open();
  const words = application.topic('words', strings);
  const seen = async (signal?: AbortSignal) => {
    const values: (string | null)[] = [];
    for await (const { value } of words.records({ follow: true, ...(signal === undefined ? {} : { signal }) })) {
      values.push(value);
      if (values.length === 7) stop.abort();
    }
    return values;
  };
  const stop = new AbortController();
  const followers = [seen(stop.signal), seen()];
  await words.append(toBe);
  await words.append([{ key: null, value: 'end' }]);
  expect(await followers[0]).toEqual([...toBe.map(({ value }) => value), 'end']);
  await application.close();
  expect(await followers[1]).toHaveLength(7);
});

it('creates missing topics only, and refuses to change those that exist', async () => {
  await (await open()).close();
  const again = await open({ partitions: 2 });
  expect((await again.topic('words', strings).append([{ key: null, value: 'a', partition: 3 }]))[0]!.partition).toBe(3);
  await again.close();
  await expect(open({ topics: [{ name: 'words', partitions: 2 }] })).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
  // The directory was given up.
  await (await open()).close();
});

it('says what to do where it cannot open, or is not open', async () => {
  await expect(open({ application: 'word count' })).rejects.toMatchObject({ code: 'USAGE' });
  const application = await open();
  await expect(open()).rejects.toMatchObject({ code: 'DATA_DIRECTORY_IN_USE' });
  expect(() => application.topic('wrods', strings)).toThrow(/no topic wrods.*give it in topics/);
  await application.close();
  await application.close();
  await expect(application.append([])).rejects.toThrow(/closed: open it again/);
  await expect(application.idle()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  expect(() => application.metrics()).toThrow(/closed/);
});

it('refuses joined topics that differ in partitions', async () => {
  const builder = new StreamsBuilder();
  const table = builder.table('names', { ...strings, name: 'names' });
  builder.stream('words', strings).join(table, (word, name) => `${word} ${name}`, { ...strings, name: 'join' });
  const topology = builder.build();
  await expect(open({ topology, topics: [{ name: 'names', partitions: 3 }] })).rejects.toThrow(
    /equally many partitions/,
  );
});

it('is ended by an error that is not of a record, and everyone is told', async () => {
  const store = keyValueStore({ name: 'store', ...strings });
  const builder = new StreamsBuilder();
  builder.stream('words', strings).process({
    name: 'fails',
    stores: { store },
    processor: (context) => {
      let isArmed = false;
      context.schedule({ everyMs: 1, type: 'wall-clock' }, () => {
        if (isArmed) throw new RangeError('the punctuation fails');
      });
      return () => {
        isArmed = true;
      };
    },
  });
  const faults: unknown[] = [];
  const application = await open({ topology: builder.build(), onFault: (error) => faults.push(error) });
  await application.topic('words', strings).append(toBe);
  await expect.poll(() => faults.length).toBe(1);
  await expect(application.idle()).rejects.toThrow('the punctuation fails');
  await expect(application.append([])).rejects.toThrow('the punctuation fails');
  await application.close();
});

/** Counts of each key, and the same in windows, from one topic. */
function twoCounts() {
  const builder = new StreamsBuilder();
  const words = builder.stream('words', strings).groupByKey(strings);
  words.count({ name: 'counts' });
  words.windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 1_000_000 })).count({ name: 'windows' });
  return builder.build();
}

it('answers queries from what is committed, and from nothing else', async () => {
  const options = { topology: twoCounts(), commitIntervalMs: 60_000 };
  const application = await open(options);
  const stored = application.store('counts', { kind: 'table', ...counts });
  const words = toBe.map(({ value }, index) => ({ key: value, value, timestamp: index }));
  await application.topic('words', strings).append(words);
  await expect.poll(() => application.metrics().processed).toBe(words.length);
  expect(stored.all()).toEqual([]);
  expect(stored.get('be')).toBeUndefined();
  await application.idle();
  expect(stored.get('be')).toEqual({ key: 'be', value: 2, timestamp: 5 });
  expect(stored.all().map(({ key, value }) => `${key} ${value}`)).toEqual(['be 2', 'not 1', 'or 1', 'to 2']);
  const view = application.store('windows');
  if (view.kind !== 'window') throw new TypeError(view.kind);
  expect(view.fetch('to')).toEqual([{ key: 'to', window: { start: 0, end: 10 }, value: 2, timestamp: 4 }]);
  expect(() => application.store('nope')).toThrow(/no store nope; for queries there are counts, windows/);
  await application.close();
  expect(() => stored.get('be')).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
  expect(() => application.store('counts')).toThrow(expect.objectContaining({ code: 'NOT_RUNNING' }));

  const again = await open(options);
  expect(again.store('counts', { kind: 'table', ...counts }).get('be')?.value).toBe(2);
  await again.close();
});

it('answers each query from one commit, whole, whatever is committed meanwhile', async () => {
  let differing = 0;
  const sums = new Set<number>();
  let look = () => {};
  const application = await open({ topology: twoCounts(), commitIntervalMs: 1, onStep: () => look() });
  const table = application.store('counts', { kind: 'table', ...counts });
  const windows = application.store('windows', { kind: 'window', ...counts });
  const sum = (rows: readonly { readonly value: number }[]) => rows.reduce((all, { value }) => all + value, 0);
  look = () => {
    const found = sum(table.all());
    sums.add(found);
    if (found !== sum(windows.fetchAll())) differing++;
  };
  const words = application.topic('words', strings);
  for (let round = 0; round < 40; round++) {
    const batch = Array.from({ length: 20 }, (_, i) => ({
      key: `k${(round * 7 + i) % 50}`,
      value: '',
      timestamp: round,
    }));
    await words.append(batch);
    look();
  }
  await application.idle();
  look();
  expect(differing).toBe(0);
  expect(Math.max(...sums)).toBe(800);
  // It did look while commits went on.
  expect(sums.size).toBeGreaterThan(5);
  await application.close();
});

it('reads the global tables of its own member, and types what it reads', async () => {
  const builder = new StreamsBuilder();
  const names = builder.globalTable('names', { ...counts, name: 'names' });
  builder
    .stream('words', strings)
    .join(
      names,
      (_key, word) => word,
      (word, count) => `${word} ${count}`,
    )
    .to('named', strings);
  const application = await open({ topology: builder.build(), member: 'other' });
  const view = application.store('names', { kind: 'table', ...counts });
  expectTypeOf(view.get('one')).toEqualTypeOf<TableRow<string, number> | undefined>();
  const windows = () => application.store('names', { kind: 'window', ...counts });
  expectTypeOf<ReturnType<ReturnType<typeof windows>['fetch']>>().toEqualTypeOf<readonly WindowRow<string, number>[]>();
  const versioned = () => application.store('names', { kind: 'versioned', ...counts });
  expectTypeOf<ReturnType<ReturnType<typeof versioned>['versions']>>().toEqualTypeOf<readonly Version<number>[]>();
  expect(versioned).toThrow(/of the kind 'table', not 'versioned'/);
  expect(windows).toThrow("Store names is of the kind 'table', not 'window'");

  await application.topic('names', counts).append([{ key: 'one', value: 1, timestamp: 4 }]);
  await application.idle();
  expect(view.all()).toEqual([{ key: 'one', value: 1, timestamp: 4 }]);
  await application.close();
});
