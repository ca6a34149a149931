import { type CallAsyncOptions, HeadraceError, StreamsBuilder } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

type Options = Partial<CallAsyncOptions<string, string, string, string>>;

/** A stream of calls, and what becomes of them. */
function calling(options: Options, driverOptions: TopologyTestDriverOptions = {}) {
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .callAsync<string, string>({ name: 'ask', call: async ({ value }) => `${value}!`, result: text, ...options })
    .to('out');
  const driver = new TopologyTestDriver(builder.build(), driverOptions);
  const input = driver.inputTopic('in', serdes);
  const output = driver.outputTopic('out', serdes);
  const letters = driver.outputTopic('test-ask-requests-repartition.dlq', serdes);
  return { driver, input, output, letters };
}

describe('callAsync', () => {
  it('goes on with the answers, under the same keys and in the order of the partition', async () => {
    const asked: string[] = [];
    const { driver, input, output } = calling({
      call: async ({ key, value }) => {
        asked.push(`${key} ${value}`);
        return value.toUpperCase();
      },
    });
    input.pipe('a', 'x', { timestamp: 5 });
    input.pipe('b', 'y');
    input.pipe('a', 'z');
    expect(driver.callsInFlight('ask')).toBe(2);
    expect(output.readAll()).toEqual([]);
    await driver.settle();
    expect(asked).toEqual(['a x', 'b y', 'a z']);
    expect(output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
      ['a', 'X', 5],
      ['b', 'Y', 0],
      ['a', 'Z', 0],
    ]);
    expect(driver.callsInFlight('ask')).toBe(0);
  });

  it('makes an attempt again after a growing pause, under the same idempotency key, until it is answered', async () => {
    const attempts: (readonly [attempt: number, key: string, at: number])[] = [];
    const { driver, input, output } = calling({
      retry: { attemptsMax: 4, backOffMinMs: 100 },
      call: async ({ attempt, idempotencyKey, value, timestamp }) => {
        attempts.push([attempt, idempotencyKey, timestamp]);
        if (attempt < 4) throw new RangeError('busy');
        return value;
      },
    });
    input.pipe('a', 'x', { timestamp: 7 });
    await driver.settle({ forMs: 49 });
    expect(attempts).toHaveLength(1);
    await driver.settle({ forMs: 51 });
    expect(attempts).toHaveLength(2);
    await driver.settle();
    expect(output.readKeyValues()).toEqual([['a', 'x']]);
    expect(attempts.map(([attempt]) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(attempts.map(([, key]) => key)).size).toBe(1);
    expect(attempts.map(([, , at]) => at)).toEqual([7, 7, 7, 7]);
  });

  it('a callee that never answers is given up attempt by attempt, its signal says so, and the record becomes a dead letter', async () => {
    const signals: AbortSignal[] = [];
    const { driver, input, output, letters } = calling({
      timeoutMs: 1_000,
      retry: { attemptsMax: 3, backOffMinMs: 10 },
      call: ({ key, signal, value }) => {
        if (key === 'b') return Promise.resolve(value);
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    input.pipe('a', 'x');
    input.pipe('b', 'y');
    await driver.settle({ forMs: 999 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await driver.settle({ forMs: 1 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(signals[0]!.reason).toMatchObject({ code: 'CALL_TIMED_OUT' });
    await driver.settle();
    expect(signals).toHaveLength(3);
    expect(output.readKeyValues()).toEqual([['b', 'y']]);
    const [letter] = letters.readAll();
    expect(letter).toMatchObject({ key: 'a', value: 'x' });
    const headers = Object.fromEntries(letter!.headers.map(([name, value]) => [name, Buffer.from(value!).toString()]));
    expect(headers).toMatchObject({
      '__headrace.errors.code': 'CALL_TIMED_OUT',
      '__headrace.errors.operator': 'ask',
      '__headrace.errors.stage': 'processing',
      '__streams.errors.message': 'ask: no answer within 1000 ms (after 3 attempts)',
      '__streams.errors.topic': 'test-ask-requests-repartition',
      '__streams.errors.offset': '0',
    });
  });

  it.each([
    ['says so itself', { call: () => Promise.reject(new HeadraceError('INPUT_INVALID', 'no such account')) }],
    ['is said to be none by the user', { retry: { isRetriable: () => false } }],
    ['is not even known to the user', { retry: { isRetriable: () => JSON.parse('') } }],
    [
      'is thrown at once',
      {
        call: () => {
          throw Object.assign(new RangeError('no such account'), { retriable: false });
        },
      },
    ],
  ])('an error that is not worth a retry ends the call: one that %s', async (_what, options: Options) => {
    let attempts = 0;
    const call = options.call ?? (() => Promise.reject(new RangeError('no such account')));
    const { driver, input, output } = calling({
      ...options,
      call: (each) => {
        attempts++;
        return call(each);
      },
      onFailure: ({ code, message, cause }, value, key) =>
        `${code} ${message} (${(cause as Error).message}) ${key} ${value}`,
    });
    input.pipe('a', 'x');
    await driver.settle();
    expect(attempts).toBe(1);
    const said = 'CALL_FAILED ask: no such account (at the first attempt) (no such account) a x';
    expect(output.readKeyValues()).toEqual([['a', said]]);
  });

  it('retries for a time instead of a number of times', async () => {
    let attempts = 0;
    const { driver, input, output } = calling({
      retry: { untilMs: 10_000, backOffMinMs: 1_000, backOffMaxMs: 1_000 },
      call: async () => {
        attempts++;
        throw new RangeError('busy');
      },
      onFailure: ({ code }) => code,
    });
    input.pipe('a', 'x');
    await driver.settle({ forMs: 10_000 });
    expect(output.readKeyValues()).toEqual([['a', 'CALL_FAILED']]);
    expect(attempts).toBeGreaterThanOrEqual(11);
    expect(attempts).toBeLessThanOrEqual(20);
  });

  it('a function for failures that fails itself makes a dead letter', async () => {
    const { driver, input, letters } = calling({
      call: () => Promise.reject(new HeadraceError('INPUT_INVALID', 'no')),
      onFailure: () => {
        throw new RangeError('nor this');
      },
    });
    input.pipe('a', 'x');
    await driver.settle();
    const [letter] = letters.readAll();
    const code = letter!.headers.find(([name]) => name === '__headrace.errors.code')![1];
    expect(Buffer.from(code!).toString()).toBe('PROCESSING_FAILED');
  });

  it('calls again after a crash what was not committed, under the same idempotency key', async () => {
    const keys: string[] = [];
    const signals: AbortSignal[] = [];
    const { driver, input, output } = calling({
      call: async ({ idempotencyKey, value, signal }) => {
        keys.push(idempotencyKey);
        signals.push(signal);
        return value;
      },
    });
    input.pipe('a', 'x');
    driver.crash();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await driver.settle();
    expect(output.readKeyValues()).toEqual([['a', 'x']]);
    driver.crash();
    await driver.settle();
    expect(output.readKeyValues()).toEqual([]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    // RFC 9562, version 8.
    expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('takes the key of the business where there is one; a record without one becomes a dead letter', async () => {
    const keys: string[] = [];
    const { driver, input, output, letters } = calling({
      idempotencyKey: (_key, value) => (value === 'none' ? '' : `payment-${value}`),
      call: async ({ idempotencyKey, value }) => {
        keys.push(idempotencyKey);
        return value;
      },
    });
    input.pipe('a', '1');
    input.pipe('a', 'none');
    input.pipe('a', '2');
    await driver.settle();
    expect(keys).toEqual(['payment-1', 'payment-2']);
    expect(output.readKeyValues()).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
    expect(letters.readKeyValues()).toEqual([['a', 'none']]);
  });

  it('passes on null keys and values, and lets records without a key go side by side', async () => {
    const { driver, input, output } = calling({ call: async ({ key, value }) => `${key} ${value}` });
    input.pipe(null, 'x');
    input.pipe(null, null);
    expect(driver.callsInFlight('ask')).toBe(2);
    await driver.settle();
    expect(output.readKeyValues()).toEqual([
      [null, 'null x'],
      [null, 'null null'],
    ]);
  });

  it('a record that can not be decoded is a dead letter of its own and holds nobody back', async () => {
    const builder = new StreamsBuilder();
    const picky = {
      serialize: text.serialize,
      deserialize(bytes: Uint8Array) {
        const value = text.deserialize(bytes);
        if (value === 'bad') throw new RangeError('planted');
        return value;
      },
    };
    builder
      .stream('in', serdes)
      .callAsync({ name: 'ask', value: picky, call: async ({ value }) => value, result: text })
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    for (const value of ['x', 'bad', 'y']) driver.inputTopic('in', serdes).pipe('a', value);
    await driver.settle();
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', 'x'],
      ['a', 'y'],
    ]);
    const letters = driver.outputTopic('test-ask-requests-repartition.dlq', serdes).readKeyValues();
    expect(letters).toEqual([['a', 'bad']]);
  });
});
