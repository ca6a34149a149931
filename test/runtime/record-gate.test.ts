import fc from 'fast-check';
import { bytesSerde, type Headers, StreamsBuilder } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { parkedPlaceOf, replayRecord, type StoredLetter } from '../../src/runtime/replay.ts';
import { text } from '../text-serde.ts';
import { type Action, ParkingModel, type ParkingOptions, violationsIn } from './parking-model.ts';

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      key: fc.nat(3),
      breaks: fc.constantFrom('nothing' as const, 'nothing' as const, 'decoding' as const, 'processing' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('replay' as const), picks: fc.array(fc.nat(99), { maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const), pick: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('mend' as const), pick: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);

/** Runs a course and looks after each step. */
function violationsOf(actions: readonly Action[], options: ParkingOptions): readonly string[] {
  const model = new ParkingModel(options);
  for (const each of actions) {
    model.act(each);
    const found = model.violations(false);
    if (found.length > 0) return found;
  }
  model.end();
  return model.violations(true);
}

const courses = fc.array(action, { maxLength: 60 });
const holds = (options: ParkingOptions) =>
  fc.property(courses, (actions) => violationsOf(actions, options).length === 0);

describe('later records of a key wait behind its dead letter', () => {
  it('each key is processed in the order of arrival, nothing lost or doubled, whatever is replayed, and however often', () => {
    fc.assert(holds({ parkKeys: true }), { numRuns: 400 });
  });

  it.each<[string, ParkingOptions]>([
    ['records do not wait', { parkKeys: false }],
    ['replays are taken for ordinary records', { parkKeys: true, forgetsReplays: true }],
  ])('the checker notices when %s', (_what, options) => {
    expect(fc.check(holds(options), { numRuns: 400, seed: 1 }).failed).toBe(true);
  });

  it.each<[string, (readonly [string, string])[], string]>([
    ['lost', [['k', 'k:0#1']], 'k: k:1 never came'],
    [
      'doubled',
      [
        ['k', 'k:0#1'],
        ['k', 'k:0#2'],
        ['k', 'k:1#3'],
      ],
      'k: k:0#2 came where k:1#2 was due',
    ],
    [
      'out of order',
      [
        ['k', 'k:1#1'],
        ['k', 'k:0#2'],
      ],
      'k: k:1#1 came where k:0#1 was due',
    ],
    [
      'numbered wrongly, as by a store that was not undone',
      [
        ['k', 'k:0#1'],
        ['k', 'k:1#3'],
      ],
      'k: k:1#3 came where k:1#2 was due',
    ],
  ])('the checker notices a record that is %s', (_what, processed, found) => {
    const arrived = [
      ['k', 'k:0'],
      ['k', 'k:1'],
    ] as const;
    expect(violationsIn({ arrived, processed, discarded: new Set(), unparked: new Set(), isEnd: true })).toContain(
      found,
    );
  });
});

/** Forwards what it reads; `bad` fails as long as nobody has mended it. */
function open(options: TopologyTestDriverOptions = {}, mended = { is: false }) {
  const builder = new StreamsBuilder();
  builder
    .stream('in', { key: text, value: text })
    .peek((_key, value) => {
      if (value === 'bad' && !mended.is) throw new RangeError('planted');
    })
    .to('out');
  const driver = new TopologyTestDriver(builder.build(), { parkKeys: true, ...options });
  const input = driver.inputTopic('in', { key: text, value: text });
  const output = driver.outputTopic('out', { key: text, value: text });
  const dlq = driver.outputTopic('in.dlq', { key: bytesSerde, value: bytesSerde });
  let now = 100;
  return {
    driver,
    mended,
    pipe: (key: string | null, ...values: readonly string[]) => {
      for (const value of values) input.pipe(key, value, { timestamp: now++ });
    },
    /** As `headrace dlq replay` does. */
    replay: (letter: StoredLetter, discard?: { readonly by: string; readonly why: string }) => {
      const { key, value, timestamp, headers } = replayRecord(letter, discard);
      input.pipeBytes(key, value, { timestamp, headers: headers! });
    },
    letters: () =>
      dlq.readAll().map((letter) => ({ ...letter, key: buffered(letter.key), value: buffered(letter.value) })),
    out: () => output.readAll(),
    values: () => output.readAll().map(({ value }) => value),
  };
}

const buffered = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes));
const textOf = (headers: Headers, name: string) =>
  Buffer.from(headers.find(([each]) => each === name)?.[1] ?? '').toString();
const sequences = (letters: readonly StoredLetter[]) => letters.map(({ headers }) => parkedPlaceOf(headers)?.sequence);

describe('RecordGate', () => {
  it('puts a record aside as it came, and says behind what it waits', () => {
    const run = open();
    run.pipe('k', 'bad', 'next');
    const [bad, next] = run.letters();
    const place = { application: 'test', behind: 'in-0@0' };
    expect(parkedPlaceOf(bad!.headers)).toEqual({ ...place, sequence: 0 });
    expect(parkedPlaceOf(next!.headers)).toEqual({ ...place, sequence: 1 });
    expect(next).toMatchObject({ key: Buffer.from('k'), value: Buffer.from('next'), timestamp: 101 });
    const said = ['exception', 'message', 'topic', 'partition', 'offset'].map((name) =>
      textOf(next!.headers, `__streams.errors.${name}`),
    );
    expect(said).toEqual(['Parked', 'waits behind in-0@0', 'in', '0', '1']);
    expect(run.driver.counters).toMatchObject({ deadLetters: 1, parked: 1, processed: 1 });
  });

  it('lets replays in with their original time, and nothing that they say of themselves goes on with their forwards', () => {
    const run = open();
    run.pipe('k', 'bad', 'next');
    run.mended.is = true;
    for (const letter of run.letters()) run.replay(letter);
    run.pipe('k', 'free');
    const out = run.out();
    expect(out.map(({ value, timestamp, headers }) => [value, timestamp, headers])).toEqual([
      ['bad', 100, []],
      ['next', 101, []],
      ['free', 102, []],
    ]);
  });

  it('a replay that fails again keeps its sequence, one that comes before its turn goes back, one that comes after it is dropped', () => {
    const run = open();
    run.pipe('k', 'bad', 'next', 'last');
    const [bad, next, last] = run.letters();
    run.replay(bad!);
    expect(sequences(run.letters())).toEqual([0]);
    run.replay(last!);
    expect(sequences(run.letters())).toEqual([2]);
    run.mended.is = true;
    for (const letter of [bad!, bad!, next!, bad!, last!, last!, next!]) run.replay(letter);
    expect(run.letters()).toEqual([]);
    expect(run.values()).toEqual(['bad', 'next', 'last']);
    expect(run.driver.counters).toMatchObject({ dropped: 4 });
  });

  it('a discard lets the key go on, and says who gave the record up; before its turn it changes nothing', () => {
    const run = open();
    run.pipe('k', 'bad', 'next');
    const [bad, next] = run.letters();
    const discard = { by: 'anna', why: 'never' };
    run.replay(next!, discard);
    expect(run.letters()).toMatchObject([{ value: Buffer.from('next') }]);
    run.replay(bad!, discard);
    const [given] = run.letters();
    expect([
      parkedPlaceOf(given!.headers),
      textOf(given!.headers, '__headrace.discarded.by'),
      textOf(given!.headers, '__streams.errors.message'),
    ]).toEqual([undefined, 'anna', 'discarded by anna: never']);
    run.replay(next!);
    run.pipe('k', 'free');
    expect(run.values()).toEqual(['next', 'free']);
  });

  it('a replay of an earlier waiting of the key is dropped, though the key waits again', () => {
    const run = open();
    run.pipe('k', 'bad');
    const [first] = run.letters();
    run.replay(first!, { by: 'anna', why: 'never' });
    run.pipe('k', 'bad', 'next');
    run.mended.is = true;
    run.replay(first!);
    expect(run.values()).toEqual([]);
    for (const letter of run.letters().filter(({ headers }) => parkedPlaceOf(headers) !== undefined))
      run.replay(letter);
    expect(run.values()).toEqual(['bad', 'next']);
  });

  it('a replay is for the application that parked its key: another one has processed the original', () => {
    const one = open({ application: 'one' });
    const processed = open({ application: 'other', parkKeys: false }, { is: true });
    const parked = open({ application: 'another' });
    for (const run of [one, processed, parked]) run.pipe('k', 'bad');
    parked.letters();
    const [letter] = one.letters();
    one.mended.is = true;
    for (const run of [one, processed, parked]) run.replay(letter!);
    expect([one.values(), processed.values(), parked.values()]).toEqual([['bad'], ['bad'], []]);
    expect(processed.driver.counters).toMatchObject({ processed: 1, dropped: 1 });
    // It parked the same key behind the same record, and has replays of its own.
    expect(parked.letters()).toEqual([]);
    expect(parked.driver.counters).toMatchObject({ dropped: 1 });
  });

  it('does not park null keys, nor a key whose record was skipped', () => {
    const run = open();
    run.pipe(null, 'bad', 'next');
    expect(run.letters().map(({ headers }) => parkedPlaceOf(headers))).toEqual([undefined]);
    expect(run.values()).toEqual(['next']);
    const skipping = open({ errorHandlers: { processing: () => 'skip' } });
    skipping.pipe('k', 'bad', 'next');
    expect(skipping.values()).toEqual(['next']);
  });

  it('a skip takes the turn of a replay', () => {
    let answer: 'deadLetter' | 'skip' = 'deadLetter';
    const run = open({ errorHandlers: { processing: () => answer } });
    run.pipe('k', 'bad', 'next');
    answer = 'skip';
    for (const letter of run.letters()) run.replay(letter);
    expect(run.values()).toEqual(['next']);
  });

  it('what calls itself a replay with damaged headers is a dead letter', () => {
    const run = open();
    run.driver
      .inputTopic('in', { key: text, value: text })
      .pipe('k', 'v', { headers: [['__headrace.replay.sequence', Buffer.from('x')]] });
    expect(run.letters()).toMatchObject([{ value: Buffer.from('v') }]);
    expect(run.values()).toEqual([]);
  });

  it('ends at one key more than may wait, with nothing of its record committed', () => {
    const run = open({ parkKeys: { keysMax: 1 } });
    run.pipe('a', 'bad');
    expect(() => run.pipe('b', 'bad')).toThrow(expect.objectContaining({ code: 'PARKED_KEYS_FULL' }));
    expect(run.letters()).toHaveLength(1);
    expect(() => run.driver.crash()).toThrow(expect.objectContaining({ code: 'PARKED_KEYS_FULL' }));
  });

  it('knows a key by what a dead letter keeps of it, so that a masked one is found again', () => {
    const run = open({ redact: (value) => value.replaceAll('secret', '******') });
    run.pipe('secret', 'bad', 'next');
    run.mended.is = true;
    for (const letter of run.letters()) run.replay(letter);
    run.pipe('secret', 'free');
    expect(run.out().map(({ key, value }) => [key, value])).toEqual([
      ['******', 'bad'],
      ['******', 'next'],
      ['secret', 'free'],
    ]);
  });
});
