import { type AsyncCall, type CallAsyncOptions, countSerde, HeadraceError, jsonSerde, StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { planDifferences } from '../../src/streams/topology/diff/plan-diff.ts';
import { planJsonOf } from '../../src/streams/topology/plan-json.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };

type Options = Partial<CallAsyncOptions<string, string, string, string>>;

function built(options: Options = {}) {
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .callAsync<string, string>({ name: 'ask', call: async ({ value }) => value, result: text, ...options })
    .to('out');
  return builder.build();
}

describe('callAsync of a stream', () => {
  it('is a sub-topology of its own behind a topic that is named after it', () => {
    expect(built().describe()).toBe(`Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [in])
      --> ask-requests-repartition-sink
    Sink: ask-requests-repartition-sink (topic: ask-requests-repartition)
      <-- KSTREAM-SOURCE-0000000000

  Sub-topology: 1
    Source: ask-requests-repartition-source (topics: [ask-requests-repartition])
      --> ask
    Processor: ask (stores: [])
      --> KSTREAM-SINK-0000000003
      <-- ask-requests-repartition-source
    Sink: KSTREAM-SINK-0000000003 (topic: out)
      <-- ask

`);
  });

  it('has its bounds in the plan, and other ones change nothing on disk', () => {
    const before = planJsonOf(built().plan);
    const operator = before.subTopologies[1]!.operators.find(({ kind }) => kind === 'callAsync');
    expect(operator).toMatchObject({
      name: 'ask',
      settings: {
        maxInFlight: 64,
        timeoutMs: 10_000,
        retry: { attemptsMax: 5, untilMs: 'Infinity', backOffMinMs: 100, backOffMaxMs: 10_000 },
      },
    });
    const options: Options = { timeoutMs: 7, maxInFlight: 1, retry: { untilMs: 9 }, onFailure: () => 'none' };
    const differences = planDifferences(before, planJsonOf(built(options).plan));
    expect(differences.map(({ effect, message }) => `${effect}: ${message}`)).toEqual([
      'harmless: operators that keep nothing on disk (changed: callAsync ask)',
    ]);
  });

  it('under another name, or taken away, loses what is under way, until that is drained', () => {
    const before = planJsonOf(built().plan);
    const builder = new StreamsBuilder();
    builder.stream('in', serdes).to('out');
    for (const after of [built({ name: 'pay' }), builder.build()]) {
      const losing = planDifferences(before, planJsonOf(after.plan)).filter(({ effect }) => effect === 'loses');
      expect(losing).toMatchObject([{ name: 'ask-requests-repartition', untilDrained: true }]);
    }
  });

  it('an operator that is added beside it leaves its topic as it is', () => {
    const wire = (isShared: boolean) => {
      const builder = new StreamsBuilder();
      const input = builder.stream('in', serdes);
      input.callAsync({ name: 'ask', call: async ({ value }) => value, result: text }).to('out');
      if (isShared) input.groupByKey().count({ name: 'counts' });
      return planJsonOf(builder.build().plan);
    };
    const differences = planDifferences(wire(false), wire(true));
    expect(differences.filter(({ about }) => about === 'repartition topic')).toEqual([]);
  });

  it.each<readonly [string, Options, RegExp]>([
    ['a name', { name: '' }, /callAsync: the name "" must be/],
    ['a name of its own', { name: 'KSTREAM-CALL-ASYNC-0000000003' }, /is a generated name/],
    ["a name that is not the engine's", { name: '__ask' }, /belong to the engine/],
    ['a function', { call: 'http://gateway' as never }, /call must be a function, not string/],
    ['a bound', { maxInFlight: 0 }, /maxInFlight must be a whole number from 1 to 10000, not 0/],
    ['a bound that is finite', { maxInFlight: Number.POSITIVE_INFINITY }, /maxInFlight must be a whole number/],
    ['a time limit', { timeoutMs: 0 }, /timeoutMs must be a whole number from 1 to 2147483647, not 0/],
    ['a time limit that a timer can wait', { timeoutMs: 2 ** 31 }, /timeoutMs must be/],
    ['an attempt', { retry: { attemptsMax: 0 } }, /retry.attemptsMax must be a whole number from 1/],
    ['an end', { retry: { attemptsMax: Number.POSITIVE_INFINITY } }, /give retry.untilMs as well/],
    ['a time to try in', { retry: { untilMs: -1 } }, /retry.untilMs must be a whole number from 0/],
    ['a pause', { retry: { backOffMinMs: 0 } }, /retry.backOffMinMs must be a whole number from 1/],
    [
      'pauses in order',
      { retry: { backOffMinMs: 9, backOffMaxMs: 8 } },
      /retry.backOffMaxMs must be a whole number from 9/,
    ],
    ['a judge', { retry: { isRetriable: true as never } }, /retry.isRetriable must be a function, not boolean/],
    [
      'a way for failures',
      { onFailure: 'skip' as never },
      /onFailure other than 'deadLetter' must be a function, not string/,
    ],
    ['a key of the business', { idempotencyKey: 'id' as never }, /idempotencyKey must be a function, not string/],
  ])('wants %s', (_what, options, message) => {
    expect(() => built(options)).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
    expect(() => built(options)).toThrow(message);
  });

  it('wants the serdes of what it asks about, and two of one name are refused', () => {
    const builder = new StreamsBuilder();
    const input = builder.stream('in', serdes);
    const call = async () => 1;
    expect(() => input.mapValues((value) => value.length).callAsync({ name: 'ask', call })).toThrow(
      /callAsync\(ask\): the serde of the value is not known here/,
    );
    input.callAsync({ name: 'ask', call });
    input.callAsync({ name: 'ask', call });
    expect(() => builder.build()).toThrow(/Two operators have the name ask/);
  });

  it('a key that was changed before, and a key of more than one stream, end in the partition of the key', async () => {
    const partitions: number[] = [];
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .map((key, value) => [value, key])
      .callAsync({ name: 'ask', ...serdes, partitions: 3, call: async () => 1, result: countSerde })
      .to('out');
    const driver = new TopologyTestDriver(builder.build(), { partitions: { out: 8 } });
    for (let i = 0; i < 20; i++) driver.inputTopic('in', serdes).pipe(`k${i}`, `v${i % 4}`);
    await driver.settle();
    const requests = driver.outputTopic('test-ask-requests-repartition', serdes).readAll();
    for (const { key, partition } of requests) {
      partitions.push(partition);
      expect(requests.filter((each) => each.key === key).every((each) => each.partition === partition)).toBe(true);
    }
    expect(Math.max(...partitions)).toBeLessThan(3);
    expect(driver.outputTopic('out', { key: text, value: countSerde }).readAll()).toHaveLength(20);
  });
});

/** The example of docs/STREAMS.md. */
describe('payments through a gateway', () => {
  interface Payment {
    readonly id: string;
    readonly cents: number;
  }
  type Receipt = { readonly id: string; readonly status: 'paid' | 'refused' | 'unknown'; readonly reason?: string };
  type Pay = (payment: Payment, options: Pick<AsyncCall, 'idempotencyKey' | 'signal'>) => Promise<Receipt>;

  function paying(pay: Pay) {
    const builder = new StreamsBuilder();
    builder
      .stream('payments', { key: text, value: jsonSerde<Payment>() })
      .callAsync({
        name: 'gateway',
        call: ({ value, idempotencyKey, signal }) => pay(value, { idempotencyKey, signal }),
        timeoutMs: 2_000,
        retry: { untilMs: 60_000 },
        onFailure: (error, { id }): Receipt => ({ id, status: 'unknown', reason: error.code }),
        result: jsonSerde<Receipt>(),
      })
      .to('receipts');
    const driver = new TopologyTestDriver(builder.build());
    const payments = driver.inputTopic('payments', { key: text, value: jsonSerde<Payment>() });
    const receipts = driver.outputTopic('receipts', { key: text, value: jsonSerde<Receipt>() });
    return { driver, payments, receipts };
  }

  it('is answered, refused, or unknown after a minute of silence', async () => {
    let attempts = 0;
    const { driver, payments, receipts } = paying(async ({ id, cents }, { signal }) => {
      if (id === '3') {
        attempts++;
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      if (cents > 1_000) throw new HeadraceError('INPUT_INVALID', 'over the limit');
      return { id, status: 'paid' };
    });
    payments.pipe('alice', { id: '1', cents: 500 });
    payments.pipe('alice', { id: '2', cents: 5_000 });
    payments.pipe('bob', { id: '3', cents: 1 });
    await driver.settle();
    expect(receipts.readKeyValues()).toEqual([
      ['alice', { id: '1', status: 'paid' }],
      ['alice', { id: '2', status: 'unknown', reason: 'CALL_FAILED' }],
      ['bob', { id: '3', status: 'unknown', reason: 'CALL_TIMED_OUT' }],
    ]);
    expect(attempts).toBeGreaterThan(5);
  });
});
