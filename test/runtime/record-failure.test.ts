import { HeadraceError, type Serde } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { seededRandom } from '../../src/random.ts';
import type { ErrorAnswer, ErrorPolicy, ErrorRecord, ErrorStage } from '../../src/runtime/error-handlers.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { readText, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';
import { failingTopology, UNREADABLE } from './failing-topology.ts';

const serdes = { key: text, value: text };
/** Reads any bytes. */
const latin1: Serde<string> = {
  serialize: (value) => Buffer.from(value, 'latin1'),
  deserialize: (bytes) => Buffer.from(bytes).toString('latin1'),
};

interface Row {
  readonly stage: ErrorStage;
  readonly value: string;
  readonly answer: ErrorAnswer | undefined;
  readonly out: readonly string[];
  readonly code?: string;
  readonly letters: number;
  readonly dropped: number;
}

const undone = { out: ['one#1', 'last#2'], letters: 1, dropped: 0 };
const skipped = { out: ['one#1', 'last#2'], letters: 0, dropped: 1 };
const failed = { out: ['one#1'], letters: 0, dropped: 0 };

/** Every handler with every answer. The records of one key are `one`, that of the row, and `last`. */
const rows: readonly Row[] = [
  { stage: 'decoding', value: 'unreadable', answer: undefined, ...undone },
  { stage: 'decoding', value: 'unreadable', answer: 'deadLetter', ...undone },
  { stage: 'decoding', value: 'unreadable', answer: 'skip', ...skipped },
  { stage: 'decoding', value: 'unreadable', answer: 'fail', ...failed, code: 'DESERIALIZATION_FAILED' },
  { stage: 'processing', value: 'boom', answer: undefined, ...undone },
  { stage: 'processing', value: 'boom', answer: 'deadLetter', ...undone },
  { stage: 'processing', value: 'boom', answer: 'skip', ...skipped },
  { stage: 'processing', value: 'boom', answer: 'fail', ...failed, code: 'PROCESSING_FAILED' },
  { stage: 'producing', value: 'two', answer: undefined, ...undone },
  { stage: 'producing', value: 'two', answer: 'deadLetter', ...undone },
  { stage: 'producing', value: 'two', answer: 'skip', out: ['one#1', 'two#2', 'last#3'], letters: 0, dropped: 1 },
  { stage: 'producing', value: 'two', answer: 'fail', ...failed, code: 'SERIALIZATION_FAILED' },
  // The verdict stands although the processor catches what its forward threw; a forward that is left out throws nothing.
  { stage: 'producing', value: 'caught', answer: 'deadLetter', ...undone },
  { stage: 'producing', value: 'caught', answer: 'skip', out: ['one#1', 'caught#2', 'last#3'], letters: 0, dropped: 1 },
  { stage: 'producing', value: 'caught', answer: 'fail', ...failed, code: 'SERIALIZATION_FAILED' },
];

const bytesOf = (value: string) => (value === 'unreadable' ? UNREADABLE : Buffer.from(value));

/** What the handlers were told, under the name of the handler that was. */
function policyOf(stage: ErrorStage, answer: ErrorAnswer | undefined) {
  const asked: (readonly [ErrorStage, HeadraceError, ErrorRecord])[] = [];
  const told: (readonly [HeadraceError, ErrorRecord])[] = [];
  const handler = (of: ErrorStage) => (error: HeadraceError, record: ErrorRecord) => {
    asked.push([of, error, record]);
    return of === stage && answer !== undefined ? answer : ('fail' as const);
  };
  const all = { decoding: handler('decoding'), processing: handler('processing'), producing: handler('producing') };
  const onSkipped = (error: HeadraceError, record: ErrorRecord) => void told.push([error, record]);
  const policy: ErrorPolicy = answer === undefined ? {} : { errorHandlers: all, onSkipped };
  return { policy, asked, told };
}

function openDriver(options: TopologyTestDriverOptions = {}) {
  const driver = new TopologyTestDriver(failingTopology(), options);
  const input = driver.inputTopic('in', serdes);
  const out = driver.outputTopic('out', serdes);
  const letters = driver.outputTopic('in.dlq', { key: latin1, value: latin1 });
  return {
    driver,
    pipe: (value: string) => input.pipeBytes(Buffer.from('a'), bytesOf(value), { timestamp: 7 }),
    values: () => out.readAll().map(({ value }) => value),
    letters: () => letters.readAll(),
  };
}

const headersOf = (headers: readonly (readonly [string, Uint8Array | null])[]) =>
  Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value ?? '').toString()]));

describe('handlers of errors, in the test driver', () => {
  it.each(rows)('$stage of "$value": $answer', ({ stage, value, answer, out, code, letters, dropped }) => {
    const { policy, asked, told } = policyOf(stage, answer);
    const run = openDriver(policy);
    run.pipe('one');
    if (code === undefined) {
      run.pipe(value);
      run.pipe('last');
    } else {
      expect(() => run.pipe(value)).toThrow(expect.objectContaining({ code }));
      // A restart meets the record again.
      expect(() => run.driver.crash()).toThrow(
        expect.objectContaining({ code, where: expect.objectContaining({ topic: 'in', offset: 1, task: '0_0' }) }),
      );
    }
    expect(run.values()).toEqual(out);
    expect(run.letters()).toHaveLength(letters);
    expect(run.driver.counters).toMatchObject({ deadLetters: letters, dropped });
    expect(told).toHaveLength(dropped);
    expect(new Set(asked.map(([of]) => of))).toEqual(new Set(answer === undefined ? [] : [stage]));
    for (const [, error, record] of asked) {
      const operator = {
        decoding: expect.stringMatching(/SOURCE/),
        processing: 'number',
        producing: expect.stringMatching(/SINK/),
      }[stage];
      expect(record).toMatchObject({ task: '0_0', topic: 'in', partition: 0, offset: 1, timestamp: 7, operator });
      expect(record.sinkTopic).toBe(stage === 'producing' ? 'out' : undefined);
      expect([record.key, record.value].map((bytes) => Buffer.from(bytes!))).toEqual([
        Buffer.from('a'),
        Buffer.from(bytesOf(value)),
      ]);
      expect(error).toBeInstanceOf(HeadraceError);
      expect(error.where).toMatchObject({ topic: 'in', partition: 0, offset: 1, task: '0_0' });
    }
  });

  it('a letter says where it happened, in the headers of KIP-1034 and in some of our own, and keeps time and headers', () => {
    const run = openDriver();
    run.driver.inputTopic('in', serdes).pipe('a', 'two', { timestamp: 42, headers: [['trace', Buffer.from('t-1')]] });
    const [letter] = run.letters();
    expect(letter).toMatchObject({ key: 'a', value: 'two', timestamp: 42 });
    expect(headersOf(letter!.headers)).toEqual({
      trace: 't-1',
      '__streams.errors.exception': 'TypeError',
      '__streams.errors.message': expect.stringContaining('no bytes for unspeakable'),
      '__streams.errors.stacktrace': expect.stringContaining('failing-topology.ts'),
      '__streams.errors.topic': 'in',
      '__streams.errors.partition': '0',
      '__streams.errors.offset': '0',
      '__headrace.errors.code': 'SERIALIZATION_FAILED',
      '__headrace.errors.stage': 'producing',
      '__headrace.errors.task': '0_0',
      '__headrace.errors.operator': expect.stringMatching(/SINK/),
      '__headrace.errors.sink-topic': 'out',
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new TypeError('of the handler');
      },
      /processing error handler failed: of the handler.*planted/,
    ],
    ['answers something else', () => 'ignore', /answered ignore, not deadLetter, skip or fail/],
    ['answers later', () => Promise.resolve('skip'), /answered \[object Promise\]/],
  ])('a handler that %s counts as fail', (_what, handler, message) => {
    const run = openDriver({ errorHandlers: { processing: handler as () => ErrorAnswer } });
    expect(() => run.pipe('boom')).toThrow(message);
    expect(run.letters()).toEqual([]);
    const hook = openDriver({
      errorHandlers: { processing: () => 'skip' },
      onSkipped: () => {
        throw new TypeError('of the hook');
      },
    });
    expect(() => hook.pipe('boom')).toThrow(/of the hook/);
  });

  it('a producing handler that throws counts as fail although the processor catches it', () => {
    const producing = () => {
      throw new TypeError('of the handler');
    };
    expect(() => openDriver({ errorHandlers: { producing } }).pipe('caught')).toThrow(/producing error handler failed/);
  });

  it('faults of the log reach no handler and are never skipped', () => {
    const { policy, asked } = policyOf('processing', 'skip');
    expect(() => openDriver(policy).pipe('full')).toThrow(expect.objectContaining({ code: 'STORAGE_FULL' }));
    expect(asked).toEqual([]);
  });

  it('a handler sees what a dead letter would hold: masked copies, so that it can keep them', () => {
    let seen: ErrorRecord | undefined;
    const redact = (value: string) => value.replaceAll('secret', '******');
    const run = openDriver({
      redact,
      errorHandlers: {
        processing: (_error, record) => {
          seen = record;
          return 'deadLetter';
        },
      },
    });
    run.driver.inputTopic('in', serdes).pipe('secret', 'boom');
    expect(Buffer.from(seen!.key!).toString()).toBe('******');
    seen!.value!.fill(0);
    expect(run.letters()).toMatchObject([{ key: '******', value: 'boom' }]);
  });
});

describe('handlers of errors, in a worker', () => {
  it.each(rows)('$stage of "$value": $answer', async ({ stage, value, answer, out, code, letters, dropped }) => {
    const time = new VirtualTime();
    const random = seededRandom(1);
    const log = new SimulatedLog({ random: () => random.next(), time });
    await log.createTopics([topicConfig('in'), topicConfig('out')]);
    const start = (policy: ErrorPolicy) => {
      const options = {
        log,
        topology: failingTopology(),
        application: 'app',
        commitIntervalMs: 1,
        clock: () => time.now(),
      };
      const worker = new Worker({ ...options, ...policy });
      return { worker, running: worker.run() };
    };
    const append = (values: readonly string[]) =>
      log.append(
        values.map((each) => ({
          topic: 'in',
          partition: 0,
          timestamp: 7,
          key: Buffer.from('a'),
          value: bytesOf(each),
        })),
      );
    const { policy, told } = policyOf(stage, answer);
    const first = start(policy);
    await append(['one']);
    await first.worker.idle();
    await append([value, 'last']);
    await Promise.race([first.worker.idle(), first.running.catch(() => undefined)]);
    const values = async () => (await readText(log, 'out')).map(([, each]) => each);
    if (code === undefined) {
      first.worker.stop();
      await first.running;
      expect(first.worker.metrics()).toMatchObject({ deadLetters: letters, dropped, lag: 0 });
      expect(told).toHaveLength(dropped);
    } else {
      await expect(first.running).rejects.toMatchObject({ code, where: { topic: 'in', partition: 0, offset: 1 } });
      await expect(start(policy).running).rejects.toMatchObject({ code });
      expect(await values()).toEqual(out);
      // Nothing of it was committed: with another answer it goes on.
      const mended = start({});
      await mended.worker.idle();
      mended.worker.stop();
      await mended.running;
      expect(await values()).toEqual(undone.out);
      return;
    }
    expect(await values()).toEqual(out);
    expect(await readText(log, 'in.dlq')).toHaveLength(letters);
  });
});
