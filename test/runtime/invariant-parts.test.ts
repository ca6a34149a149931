import { type InvariantRecord, StreamsBuilder, stringSerde } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { messageOf, numberSerde, open } from './booking-driver.ts';
import { balances, booking, legs, texts } from './booking-topology.ts';

describe('what an invariant sees', () => {
  /** What it saw of each record. */
  function watched(options: TopologyTestDriverOptions = {}) {
    const { builder, input } = booking();
    const seen: unknown[] = [];
    builder.invariant('watch', {
      inputs: { input },
      topics: { legs },
      stores: { accounts: balances },
      holds: ({ record, inputs, forwarded, stores }) => {
        const told = ({ key, value, timestamp }: InvariantRecord<string, bigint>) => [key, value, timestamp];
        seen.push({
          record: record && [record.topic, record.partition, record.offset, record.timestamp, record.headers.length],
          input: inputs.input && { ...inputs.input },
          forwarded: forwarded.legs.map(told),
          changes: stores.accounts.changes.map(({ key, before, after }) => [key, before, after]),
          now: stores.accounts.get('a'),
        });
        return true;
      },
    });
    return { ...open(builder.build(), options), seen };
  }

  it('the record, its forwards in order and each changed entry once, with its value before and after', () => {
    const { pipe, seen } = watched();
    pipe('a:5 b:-5', 7);
    pipe('b:2 a:1 b:3', 8);
    pipe('nothing', 9);
    pipe('b:1 c:1 undo', 10);
    expect(seen).toEqual([
      {
        record: ['in', 0, 0, 7, 0],
        input: { key: 'k', value: 'a:5 b:-5', timestamp: 7 },
        forwarded: [
          ['a', 5n, 7],
          ['b', -5n, 7],
        ],
        changes: [
          ['a', undefined, 5n],
          ['b', undefined, -5n],
        ],
        now: 5n,
      },
      {
        record: ['in', 0, 1, 8, 0],
        input: { key: 'k', value: 'b:2 a:1 b:3', timestamp: 8 },
        forwarded: [
          ['b', 2n, 8],
          ['a', 1n, 8],
          ['b', 3n, 8],
        ],
        changes: [
          ['b', -5n, 0n],
          ['a', 5n, 6n],
        ],
        now: 6n,
      },
      {
        record: ['in', 0, 2, 9, 0],
        input: { key: 'k', value: 'nothing', timestamp: 9 },
        forwarded: [],
        changes: [],
        now: 6n,
      },
      {
        record: ['in', 0, 3, 10, 0],
        input: { key: 'k', value: 'b:1 c:1 undo', timestamp: 10 },
        forwarded: [
          ['b', 1n, 10],
          ['c', 1n, 10],
        ],
        // What came and went was never there.
        changes: [['b', 0n, undefined]],
        now: 6n,
      },
    ]);
  });

  it('forwards over several partitions in their order, also of one record among many that are not committed yet', () => {
    const { pipe, seen, driver } = watched({ partitions: { legs: 4 }, commit: 'manual' });
    const accounts = Array.from({ length: 40 }, (_, index) => `account-${index}`);
    for (let round = 0; round < 60; round++) {
      const order = [...accounts.slice(round % 40), ...accounts.slice(0, round % 40)];
      pipe(order.map((account) => `${account}:${round}`).join(' '), round);
      const { forwarded, changes } = seen.pop() as { forwarded: unknown[][]; changes: unknown[][] };
      expect(forwarded).toEqual(order.map((account) => [account, BigInt(round), round]));
      const sum = BigInt((round * (round + 1)) / 2);
      const before = round === 0 ? undefined : sum - BigInt(round);
      expect(changes).toEqual(order.map((account) => [account, before, sum]));
    }
    driver.commit();
  });

  it('nothing of a record before it that failed', () => {
    const { pipe, seen } = watched();
    pipe('a:5 crash');
    pipe('b:1');
    expect(seen).toMatchObject([{ forwarded: [['b', 1n, 0]], changes: [['b', undefined, 1n]], now: undefined }]);
  });

  it('copies: what an invariant keeps or changes changes nothing', () => {
    const { builder } = booking();
    const kept: Uint8Array[] = [];
    const bytes = { serialize: (value: Uint8Array) => value, deserialize: (value: Uint8Array) => value };
    builder.invariant('keep', {
      topics: { legs: { key: stringSerde, value: bytes } },
      stores: { balances },
      holds: ({ forwarded }) => {
        for (const { value } of forwarded.legs) {
          kept.push(value!.slice());
          value!.fill(9);
        }
        return true;
      },
    });
    const run = open(builder.build());
    run.pipe('a:1');
    run.pipe('a:2');
    expect(run.out()).toEqual([
      ['a', 1n],
      ['a', 2n],
    ]);
    expect(kept.map((each) => each[7])).toEqual([1, 2]);
  });

  it('forwarded records in its own call only: by the next one their bytes are gone', () => {
    const { builder } = booking();
    let kept: InvariantRecord<string, bigint> | undefined;
    builder.invariant('late', {
      topics: { legs },
      holds: ({ forwarded }) => {
        const value = kept?.value;
        kept = forwarded.legs[0];
        return value === undefined || 'it could be read';
      },
    });
    const run = open(builder.build());
    run.pipe('a:1');
    run.pipe('a:2');
    expect(run.letters()).toMatchObject([
      {
        value: 'a:2',
        code: 'PROCESSING_FAILED',
        message: expect.stringMatching(/can be read in the call of its invariant only/),
      },
    ]);
  });

  it('the input under the stream that it came from, and none under the others', () => {
    const builder = new StreamsBuilder();
    const [left, right] = [builder.stream('left', texts), builder.stream('right', texts)];
    left.merge(right).to('out', texts);
    const seen: unknown[] = [];
    builder.invariant('watch', {
      inputs: { left, right },
      topics: { out: texts },
      holds: ({ inputs }) => {
        seen.push([inputs.left?.value, inputs.right?.value]);
        return true;
      },
    });
    const driver = new TopologyTestDriver(builder.build());
    driver.inputTopic('left', texts).pipe('k', 'l');
    driver.inputTopic('right', texts).pipe(null, null);
    expect(seen).toEqual([
      ['l', undefined],
      [undefined, null],
    ]);
  });

  it('rows of tables, and the input behind a repartition', () => {
    const builder = new StreamsBuilder();
    const moved = builder
      .stream('in', texts)
      .selectKey((_key, value) => value, { key: stringSerde })
      .repartition({ name: 'moved', ...texts });
    const table = moved.toTable({ name: 'rows', ...texts });
    const counts = moved.groupByKey().count({ name: 'counts' });
    counts.toStream().to('out', { key: stringSerde, value: numberSerde });
    builder.invariant('only-grows', {
      inputs: { moved },
      stores: { table, counts },
      holds: ({ stores, inputs }) => {
        const [change] = stores.counts.changes;
        if (stores.table.get(inputs.moved!.key!) !== inputs.moved!.value) return 'the table has another row';
        return change!.after! <= 2 || `${change!.key} went from ${change!.before} to ${change!.after}`;
      },
    });
    const run = new TopologyTestDriver(builder.build());
    for (const word of ['x', 'y', 'x', 'x']) run.inputTopic('in', texts).pipe(null, word);
    const letters = run.outputTopic('test-moved-repartition.dlq', texts).readAll();
    expect(letters.map(({ value, headers }) => [value, messageOf(headers)])).toEqual([
      ['x', 'The invariant only-grows does not hold: x went from 2 to 3'],
    ]);
    expect(run.storeValue('counts', 'x')).toBe(2);
  });
});
