import { SessionWindows, StreamsBuilder, TimeWindows } from 'headrace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerState } from '../../../src/app/state/answer-state.ts';
import type { StateRequest } from '../../../src/app/state/state-request.ts';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../../embedded-log.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
const join = { reducer: (all: string, value: string) => `${all}+${value}` };

/** The kinds of stores that the systems of the bank do not have. */
function topology() {
  const builder = new StreamsBuilder();
  builder.table('prices', { ...serdes, name: 'prices', historyMs: 1_000 });
  const words = builder.stream('words', serdes).groupByKey(serdes);
  words.windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 1_000 })).reduce({ name: 'windows', ...join });
  words.windowedBy(SessionWindows.of({ gapMs: 3, graceMs: 1_000 })).reduce({ name: 'sessions', ...join });
  return builder.build();
}

const directory = temporaryDirectory();
const system = { application: 'app', topology: topology() };
let log: EmbeddedLog;

beforeEach(async () => {
  log = openLog(directory.path);
  await log.createTopics([topicConfig('prices', 2), topicConfig('words', 2)]);
  const worker = new Worker({ log, topology: system.topology, application: 'app', clock: Date.now });
  const running = worker.run();
  for (const [value, time] of [
    ['x', 5],
    ['y', 7],
    ['z', 18],
  ] as const) {
    await appendText(log, 'prices', [['a', value]], time);
    await appendText(log, 'words', [['a', value]], time);
  }
  await worker.idle();
  worker.stop();
  await running;
});
afterEach(async () => {
  await log.close();
  directory.remove();
});

it('answers what each kind of store can be asked', async () => {
  const rowsOf = async (request: StateRequest) => (await answerState(log, [system], request)).rows;
  const present = { key: 'a', value: 'z', timestamp: 18 };
  const get = { kind: 'get', key: 'a', limit: 10 } as const;
  expect(await rowsOf({ ...get, store: 'prices' })).toEqual([present]);
  expect(await rowsOf({ ...get, store: 'prices', asOf: 17 })).toEqual([{ key: 'a', value: 'y', timestamp: 7 }]);
  expect(await rowsOf({ ...get, store: 'prices', asOf: 4 })).toEqual([]);
  expect(await rowsOf({ kind: 'range', store: 'prices', limit: 10 })).toEqual([{ key: 'a', value: 'z' }]);
  const windows = [
    { key: 'a', window: { start: 0, end: 10 }, value: 'x+y', timestamp: 7 },
    { key: 'a', window: { start: 10, end: 20 }, value: 'z', timestamp: 18 },
  ];
  expect(await rowsOf({ ...get, store: 'windows' })).toEqual(windows);
  expect(await rowsOf({ kind: 'range', store: 'windows', limit: 10 })).toEqual(windows);
  const first = { key: 'a', window: { start: 5, end: 7 }, value: 'x+y', timestamp: 7 };
  const [session, ...more] = await rowsOf({ kind: 'range', store: 'sessions', limit: 1 });
  expect([session, more]).toEqual([first, []]);
  expect(await answerState(log, [system], { ...get, store: 'windows', limit: 1 })).toEqual({
    stores: [{ application: 'app', store: 'windows', kind: 'window' }],
    rows: windows.slice(0, 1),
    hasMore: true,
  });
  await expect(rowsOf({ kind: 'range', store: 'windows', from: 'a', limit: 1 })).rejects.toMatchObject({
    code: 'USAGE',
  });
});
