import { StreamsBuilder, stringSerde, TimeWindows, type Topology } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { resetApplication } from '../../../src/runtime/reset/reset.ts';
import type { ResetReport, ResetRequest } from '../../../src/runtime/reset/reset-request.ts';
import { storedPlan } from '../../../src/runtime/stored-plan.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { appendText, openLog, readText, temporaryDirectory, topicConfig } from '../../embedded-log.ts';

const serdes = { key: stringSerde, value: stringSerde };
const IDLE_AFTER_MS = 20;

/** Words counted in windows that close once time has passed, behind a repartition topic; `more` is only passed on. */
function counting(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('words', serdes)
    .groupBy((_key, word) => word, { ...serdes, name: 'by-word' })
    .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
    .count({ name: 'counts', emit: 'onWindowClose' })
    .toStream()
    .map((windowed, count) => [`${windowed.key}@${windowed.window.start}`, String(count)])
    .to('counted', serdes);
  builder.stream('more', serdes).to('counted', serdes);
  return builder.build();
}

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  await log.createTopics([topicConfig('words', 2), topicConfig('more'), topicConfig('counted')]);
});

afterEach(async () => {
  await log.close();
  directory.remove();
});

function start() {
  const options = { log, topology: counting(), application: 'app', clock: Date.now, commitIntervalMs: 5 };
  const worker = new Worker({ ...options, idleAfterMs: IDLE_AFTER_MS });
  return { worker, running: worker.run() };
}

/** Runs until `count` records are in the output topic. */
async function runUntil(count: number): Promise<void> {
  const { worker, running } = start();
  for (const begunMs = Date.now(); (await counted()).length < count && Date.now() - begunMs < 5_000; ) {
    await log.awaitCommit(50);
  }
  worker.stop();
  await running;
}

const counted = async () => (await readText(log, 'counted')).map(([key, value]) => `${key}=${value}`);
const send = (words: readonly string[], timestamp: number, topic = 'words') =>
  appendText(
    log,
    topic,
    words.map((word) => [word, word]),
    timestamp,
  );
const reset = (request: Partial<ResetRequest> = {}) =>
  resetApplication(log, new Map(), {
    application: 'app',
    target: { kind: 'earliest' },
    keepsState: false,
    executes: true,
    ...request,
  });
const shown = (resets: ResetReport['sources']) =>
  resets.map(({ topic, partition, from, to }) => `${topic}-${partition} ${from}->${to}`);
const offsets = async () =>
  (await log.committedOffsets('app')).map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`);

describe('a reset', () => {
  it('to the earliest makes the same results again, windows that closed in silence among them', async () => {
    await send(['a', 'b', 'a'], 1);
    await runUntil(2);
    const first = await counted();
    expect([...first].sort()).toEqual(['a@0=2', 'b@0=1']);

    const report = await reset();
    expect(report).toMatchObject({ isExecuted: true, stores: ['counts'], keepsState: false, warnings: [] });
    expect(storedPlan(log, 'app')).toBeUndefined();
    expect([
      ...log.state('app').partition('counts', 0).range(),
      ...log.state('app').partition('counts', 1).range(),
    ]).toEqual([]);
    await runUntil(4);
    expect([...(await counted()).slice(2)].sort()).toEqual([...first].sort());
  });

  it('passes over what is under way, and keeps the idle ticks for the replay', async () => {
    await send(['a', 'b', 'a'], 1);
    await runUntil(2);
    const { purged, replayed } = await reset({ executes: false });
    const ends = (await log.watermarks('app-by-word-repartition')).map(({ end }) => end);
    expect(purged.map(({ to }) => to)).toEqual(ends);
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(3);
    expect(new Set(replayed.map(({ topic, to }) => `${topic} ${to}`))).toEqual(
      new Set(['app-words-idle-ticks 0', 'app-app-by-word-repartition-idle-ticks 0', 'app-more-idle-ticks 0']),
    );
    const ticks = await log.watermarks('app-app-by-word-repartition-idle-ticks');
    expect(ticks.some(({ end }) => end > 0)).toBe(true);
  });

  it('says what it would do, and does nothing of it, unless it is told to', async () => {
    await send(['a', 'b'], 1);
    await send(['a'], 1, 'more');
    await runUntil(3);
    const before = await offsets();
    const report = await reset({ executes: false });
    expect(report.isExecuted).toBe(false);
    expect(shown(report.sources)).toEqual(['more-0 1->0', 'words-0 2->0', 'words-1 0->0']);
    expect(report.sources.map(({ rereads, skips }) => [rereads, skips])).toEqual([
      [1, 0],
      [2, 0],
      [0, 0],
    ]);
    expect(report.outputs).toEqual([{ topic: 'counted', readBy: [] }]);
    expect(await offsets()).toEqual(before);
    expect(storedPlan(log, 'app')).toBeDefined();
  });

  it('names the groups that see the outputs again', async () => {
    await send(['a'], 1);
    await runUntil(1);
    await log.resetGroup('sink', { offsets: [{ topic: 'counted', partition: 0, offset: 1 }], dropsState: false });
    expect((await reset({ executes: false })).outputs).toEqual([{ topic: 'counted', readBy: ['sink'] }]);
  });

  it('keeps the state and what is under way where it is told to, and warns', async () => {
    await send(['a'], 1);
    await runUntil(1);
    const state = () =>
      [0, 1].flatMap((partition) => [...log.state('app').partition('__plan', partition).range()].length);
    const before = [state(), (await offsets()).filter((each) => each.startsWith('app-'))];
    const report = await reset({ keepsState: true, topics: ['words'] });
    expect(report).toMatchObject({ purged: [], replayed: [], keepsState: true });
    expect(report.warnings).toEqual([expect.stringMatching(/aggregates will count them twice/)]);
    expect([state(), (await offsets()).filter((each) => each.startsWith('app-'))]).toEqual(before);
    expect(await offsets()).toEqual(expect.arrayContaining(['words-0@0', 'words-1@0']));
  });

  it('warns of what will be missing', async () => {
    await send(['a'], 1);
    await send(['x', 'y'], 1, 'more');
    await runUntil(3);
    const warnings = async (request: Partial<ResetRequest>) =>
      (await reset({ executes: false, ...request })).warnings.join(' ');
    expect(await warnings({ topics: ['more'] })).toMatch(/what words brought into it does not come again/);
    expect(await warnings({ target: { kind: 'by', count: -1 } })).toMatch(/it begins in the middle/);
    await send(['b'], 1);
    expect(await warnings({ target: { kind: 'latest' }, keepsState: true })).toBe(
      'Records are skipped: they are never processed.',
    );
  });

  it('warns of records that wait behind dead letters', async () => {
    const builder = new StreamsBuilder();
    const fails = () => {
      throw new RangeError('planted');
    };
    builder.stream('more', serdes).peek(fails).to('counted', serdes);
    await send(['a', 'a'], 1, 'more');
    const options = { log, application: 'app', clock: Date.now, commitIntervalMs: 5, parkKeys: true };
    const worker = new Worker({ ...options, topology: builder.build() });
    const running = worker.run();
    await worker.idle();
    worker.stop();
    await running;
    expect((await reset({ executes: false })).warnings).toEqual([
      'Records wait behind dead letters; that is forgotten with the state, and they come again with their topics.',
    ]);
    expect((await reset({ executes: false, keepsState: true })).warnings.join()).not.toContain('dead letters');
  });

  it('is refused while the application runs, and changes nothing then', async () => {
    await send(['a'], 1);
    await runUntil(1);
    const before = await offsets();
    const { worker, running } = start();
    await worker.idle();
    await expect(reset()).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
      message: expect.stringMatching(/app is running; nothing was reset\. End its process/),
    });
    expect(storedPlan(log, 'app')).toBeDefined();
    worker.stop();
    await running;
    expect((await offsets()).filter((each) => !each.includes('idle'))).toEqual(
      before.filter((each) => !each.includes('idle')),
    );
  });

  it.each<[string, Partial<ResetRequest>, RegExp]>([
    ['an application that is none', { application: 'lottery' }, /There is no application lottery; there are: app/],
    ['a topic that it does not read', { topics: ['counted'] }, /app does not read counted; it reads more, words/],
    ['an internal topic', { topics: ['app-by-word-repartition'] }, /app does not read app-by-word-repartition/],
  ])('refuses %s', async (_what, request, message) => {
    await send(['a'], 1);
    await runUntil(1);
    await expect(reset(request)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) });
  });
});
