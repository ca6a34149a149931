import { type AsyncCall, type CallAsyncOptions, StreamsBuilder } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { sentAgain } from '../../../src/app/dead-letters/letters.ts';
import { replayRecord, type StoredLetter } from '../../../src/runtime/replay.ts';
import { bytesSerde } from '../../../src/serde/primitives.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };
const REQUESTS = 'test-ask-requests-repartition';

function calling(
  options: Partial<CallAsyncOptions<string, string, string>>,
  driverOptions: TopologyTestDriverOptions,
  failsBehind: (value: string) => boolean = () => false,
) {
  const asked: (readonly [value: string, key: string])[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .callAsync<string>({
      name: 'ask',
      result: text,
      retry: { attemptsMax: 1 },
      ...options,
      call: (call: AsyncCall<string, string>) => {
        asked.push([call.value, call.idempotencyKey]);
        return options.call === undefined ? Promise.resolve(`${call.value}!`) : options.call(call);
      },
    })
    .peek((_key, value) => {
      if (failsBehind(value)) throw new RangeError('planted');
    })
    .to('out');
  const driver = new TopologyTestDriver(builder.build(), driverOptions);
  const raw = { key: bytesSerde, value: bytesSerde };
  const letters = driver.outputTopic(`${REQUESTS}.dlq`, raw);
  const requests = driver.inputTopic(REQUESTS, raw);
  return {
    driver,
    input: driver.inputTopic('in', serdes),
    output: driver.outputTopic('out', serdes),
    letters: () => letters.readAll(),
    replay(letter: StoredLetter) {
      const { key, value, timestamp, headers, partition } = replayRecord(letter);
      requests.pipeBytes(key, value, { timestamp, partition, ...(headers === undefined ? {} : { headers }) });
    },
    /** Since the last look. */
    asked: () => asked.splice(0),
    values: () => asked.splice(0).map(([value]) => value),
  };
}

describe('CallQueue with parked keys', () => {
  it('does not ask about what waits behind a dead letter; replays ask in their turn, the letter under its first key', async () => {
    let isOpen = false;
    const call = async ({ value }: AsyncCall<string, string>) => {
      if (value === 'a1' && !isOpen) throw new RangeError('closed');
      return `${value}!`;
    };
    const { driver, input, output, letters, replay, asked } = calling({ call }, { parkKeys: true });
    for (const value of ['a1', 'a2', 'b1', 'a3']) input.pipe(value.slice(0, 1), value, { timestamp: 9 });
    await driver.settle();
    const first = asked();
    expect(first.map(([value]) => value)).toEqual(['a1', 'b1']);
    expect(output.readKeyValues()).toEqual([['b', 'b1!']]);
    const waiting = letters();
    expect(waiting.map(({ value }) => Buffer.from(value!).toString())).toEqual(['a1', 'a2', 'a3']);

    // The letter fails again: it is asked about under its first key, and waits as before.
    replay(waiting[0]! as StoredLetter);
    await driver.settle();
    expect(asked()).toEqual([first[0]]);
    const [again] = letters();

    isOpen = true;
    replay(again! as StoredLetter);
    for (const letter of waiting.slice(1)) replay(letter as StoredLetter);
    input.pipe('a', 'a4');
    await driver.settle();
    const replayed = asked();
    expect(replayed.map(([value]) => value)).toEqual(['a1', 'a2', 'a3', 'a4']);
    expect(replayed[0]).toEqual(first[0]);
    expect(new Set(replayed.map(([, key]) => key)).size).toBe(4);
    expect(output.readKeyValues()).toEqual(['a1!', 'a2!', 'a3!', 'a4!'].map((value) => ['a', value]));
    expect(letters()).toEqual([]);
  });

  it('a replay that fails again and again behind the first letter keeps one key', async () => {
    const bad = new Set(['a1', 'a2']);
    const call = async ({ value }: AsyncCall<string, string>) => {
      if (bad.has(value)) throw new RangeError('closed');
      return `${value}!`;
    };
    const { driver, input, output, letters, replay, asked } = calling({ call }, { parkKeys: true });
    input.pipe('a', 'a1');
    input.pipe('a', 'a2');
    await driver.settle();
    bad.delete('a1');
    const [one, two] = letters();
    replay(one! as StoredLetter);
    replay(two! as StoredLetter);
    await driver.settle();
    const [again] = letters();
    bad.clear();
    replay(again! as StoredLetter);
    await driver.settle();
    const keys = asked().flatMap(([value, key]) => (value === 'a2' ? [key] : []));
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(output.readKeyValues()).toEqual([
      ['a', 'a1!'],
      ['a', 'a2!'],
    ]);
  });

  it('waits with the next record of a key until the one before is through: it may yet fail behind the call', async () => {
    const { driver, input, output, values } = calling({}, { parkKeys: true }, (value) => value === 'a1!');
    for (const value of ['a1', 'a2', 'b1']) input.pipe(value.slice(0, 1), value);
    await driver.settle();
    expect(values()).toEqual(['a1', 'b1']);
    expect(output.readKeyValues()).toEqual([['b', 'b1!']]);
  });
});

describe('CallQueue', () => {
  it('asks about a letter that is sent again, as often as it is, under its first key; about what it forwards under one of its own', async () => {
    let isOpen = false;
    const again: string[] = [];
    const builder = new StreamsBuilder();
    const asked: (readonly [operator: string, value: string, key: string])[] = [];
    builder
      .stream('in', serdes)
      .callAsync({
        name: 'ask',
        result: text,
        retry: { attemptsMax: 1 },
        call: async ({ value, idempotencyKey }) => {
          asked.push(['ask', value, idempotencyKey]);
          if (!isOpen) throw new RangeError('closed');
          return value;
        },
      })
      .callAsync({
        name: 'tell',
        result: text,
        call: async ({ value, idempotencyKey, headers }) => {
          asked.push(['tell', value, idempotencyKey]);
          again.push(...headers.map(([name]) => name));
          return value;
        },
      })
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    const raw = { key: bytesSerde, value: bytesSerde };
    const letters = driver.outputTopic(`${REQUESTS}.dlq`, raw);
    const node = { watermarks: async () => [] };
    const sendAgain = async () => {
      const [record] = letters.readAll();
      const letter = { topic: `${REQUESTS}.dlq`, partition: 0, record: record as never };
      const { key, value, timestamp, headers = [], partition } = await sentAgain(node, letter);
      driver.inputTopic(REQUESTS, raw).pipeBytes(key, value, { timestamp, headers, partition });
      await driver.settle();
    };
    driver.inputTopic('in', serdes).pipe('k', 'v', { timestamp: 9, headers: [['trace', Buffer.from('t')]] });
    await driver.settle();
    await sendAgain();
    isOpen = true;
    await sendAgain();
    const keys = asked.map(([, , key]) => key);
    expect(asked.map(([operator]) => operator)).toEqual(['ask', 'ask', 'ask', 'tell']);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(keys[3]).not.toBe(keys[0]);
    expect(again).toEqual(['trace', 'headrace.replayed-from']);
    // A place that a producer makes up says nothing: it goes through a topic of requests first.
    const place: [string, Uint8Array] = ['__headrace.call.place', Buffer.from(`${REQUESTS}-0@0`)];
    driver.inputTopic('in', serdes).pipe('k', 'v', { timestamp: 9, headers: [place] });
    await driver.settle();
    expect(asked.at(-2)![0]).toBe('ask');
    expect(keys).not.toContain(asked.at(-2)![2]);
  });

  it('without parked keys goes on past a record that fails behind its call, and asks under the same keys after a crash', async () => {
    const { driver, input, output, letters, asked } = calling({}, { commit: 'manual' }, (value) => value === 'a1!');
    input.pipe('a', 'a1');
    input.pipe('a', 'a2');
    driver.commit();
    await driver.settle();
    const first = asked();
    expect(first.map(([value]) => value)).toEqual(['a1', 'a2']);
    driver.crash();
    await driver.settle();
    expect(asked()).toEqual(first);
    driver.commit();
    expect(output.readKeyValues()).toEqual([['a', 'a2!']]);
    expect(letters().map(({ value }) => Buffer.from(value!).toString())).toEqual(['a1']);
  });

  it('another operator, application or time makes another key', async () => {
    const keyOf = async (name: string, application: string, timestamp: number) => {
      const keys: string[] = [];
      const builder = new StreamsBuilder();
      builder.stream('in', serdes).callAsync({
        name,
        call: async ({ idempotencyKey }) => void keys.push(idempotencyKey),
      });
      const driver = new TopologyTestDriver(builder.build(), { application });
      driver.inputTopic('in', serdes).pipe('k', 'v', { timestamp });
      await driver.settle();
      return keys[0]!;
    };
    const keys = [
      await keyOf('ask', 'app', 1),
      await keyOf('ask', 'app', 1),
      await keyOf('pay', 'app', 1),
      await keyOf('ask', 'other', 1),
      await keyOf('ask', 'app', 2),
    ];
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(4);
    // A vector: this must never change, or what was asked before an update would be asked again under another key.
    expect(keys[0]).toBe('9b67f2d8-cdb9-8481-8f96-254de3905326');
  });
});
