import { countSerde, type KStream } from 'headrace';
import type { TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { CACHED_INPUT_BYTES_MAX, CACHED_KEYS_MAX } from '../../src/runtime/task-caches.ts';
import { text } from '../text-serde.ts';
import { grouped, joined, type Row, send, serdes, subject, textOf } from './operators/cached-driver.ts';

const counts = { key: text, value: countSerde };
const cached = true;

describe('a record that fails', () => {
  it('takes back what it put into the cache', () => {
    const { driver, pipe, commit } = subject((stream) => {
      send(stream.groupByKey(grouped).aggregate({ ...joined, cached }));
      stream.peek((_key, value) => {
        if (value === 'bad') throw new RangeError('no');
      });
    });
    pipe([
      ['a', '1', 1],
      ['b', '2', 2],
      ['a', 'bad', 9],
      ['c', 'bad', 9],
    ]);
    expect(commit()).toEqual([
      ['a', '1', 1],
      ['b', '2', 2],
    ]);
    expect(driver.counters.deadLetters).toBe(2);
  });
});

describe('an update that cannot be sent', () => {
  const failing = (options: TopologyTestDriverOptions = {}) =>
    subject((stream) => {
      const table = stream.groupByKey(grouped).aggregate({ ...joined, cached });
      const passed = table.toStream();
      // What it did before it fails must be undone.
      passed.to('out', serdes);
      passed.peek((_key, value) => {
        if (value?.includes('bad')) throw new RangeError('no');
      });
    }, options);
  const rows: readonly Row[] = [
    ['a', '1', 1],
    ['b', 'good', 2],
    ['b', 'bad', 3],
    ['c', '3', 4],
  ];

  it('sends the record that made it to the dead letters, and the others on; the row stays', () => {
    const { driver, pipe, commit } = failing();
    pipe(rows);
    expect(commit()).toEqual([
      ['a', '1', 1],
      ['c', '3', 4],
    ]);
    expect(driver.counters.deadLetters).toBe(1);
    const [letter, ...others] = driver.outputTopic('in.dlq', serdes).readAll();
    expect(others).toEqual([]);
    expect([letter!.key, letter!.value]).toEqual(['b', 'bad']);
    const headers = textOf(letter!.headers);
    expect(headers).toContain('errors.offset: 2');
    expect(headers).toContain('the cached table joined-aggregate was not sent on; its row stays as it is');
    expect(driver.storeValue('joined', 'b')).toBe('goodbad');
    pipe([['a', '2', 5]]);
    expect(commit()).toEqual([['a', '12', 5]]);
  });

  it('asks the handler about that record', () => {
    const asked: unknown[] = [];
    const { driver, pipe, commit } = failing({
      errorHandlers: {
        processing: (_error, { topic, offset, timestamp, value }) => {
          asked.push([topic, offset, timestamp, Buffer.from(value!).toString()]);
          return 'skip';
        },
      },
    });
    pipe(rows);
    expect(commit()).toHaveLength(2);
    expect(asked).toEqual([['in', 2, 3, 'bad']]);
    expect(driver.counters.dropped).toBe(1);
    expect(driver.counters.deadLetters).toBe(0);
  });

  it('ends the work where the handler says so', () => {
    const { driver, pipe } = failing({ errorHandlers: { processing: () => 'fail' } });
    pipe(rows);
    expect(() => driver.commit()).toThrow(expect.objectContaining({ code: 'PROCESSING_FAILED' }));
  });

  it('is left out alone where only its forward fails and that is to be skipped', () => {
    const { driver, pipe, commit } = subject(
      (stream) => {
        const refusing = {
          ...text,
          serialize(value: string) {
            if (value.includes('bad')) throw new RangeError('no');
            return text.serialize(value);
          },
        };
        const table = stream.groupByKey(grouped).aggregate({ ...joined, cached });
        table.toStream().to('out', { key: text, value: refusing });
      },
      { errorHandlers: { producing: () => 'skip' } },
    );
    pipe(rows);
    expect(commit()).toHaveLength(2);
    expect(driver.counters.dropped).toBe(1);
  });
});

describe('the bounds of a cache', () => {
  it('a crash before the commit loses nothing, and sends nothing twice', () => {
    const { driver, pipe, commit, read } = subject((stream) =>
      send(stream.groupByKey(grouped).aggregate({ ...joined, cached })),
    );
    pipe([
      ['a', '1'],
      ['a', '2'],
    ]);
    driver.crash();
    expect(read()).toEqual([]);
    expect(commit()).toEqual([['a', '12', 0]]);
    driver.crash();
    expect(commit()).toEqual([]);
  });

  it('a full one is sent on before the commit, after a record', () => {
    const { driver, pipe } = subject((stream) => {
      const words = stream.flatMap((_key, value): readonly (readonly [string, string])[] =>
        Array.from({ length: Number(value) }, (_, index) => [String(index), 'x'] as const),
      );
      asTextCounts(words);
    });
    const seen = () => driver.storeValue<string, number>('sent', 'all') ?? 0;
    pipe([['k', `${CACHED_KEYS_MAX - 1}`]]);
    pipe([['k', `${CACHED_KEYS_MAX}`]]);
    pipe([['k', '1']]);
    driver.commit();
    // The first and the second were one update for each key; the third came after the cache had been emptied.
    expect(seen()).toBe(CACHED_KEYS_MAX + 1);
  });

  it('so is one that keeps too much of its input', () => {
    const { driver, pipe } = subject((stream) => {
      asTextCounts(stream.mapValues(() => 'x'));
    });
    // It stands in each record twice, once in a header.
    const bulk = 'b'.repeat(4 * 1024 * 1024);
    const records = Math.ceil(CACHED_INPUT_BYTES_MAX / (2 * bulk.length));
    for (let i = 0; i < records + 1; i++) pipe([['k', bulk]]);
    driver.commit();
    expect(driver.storeValue('sent', 'all')).toBe(2);
  });

  /** Counts in the store `sent` what a cached table sends. */
  function asTextCounts(stream: KStream<string, string>): void {
    const table = stream.toTable({ ...serdes, name: 't', cached });
    const all = table.toStream().groupBy(() => 'all', { ...serdes, name: 'all' });
    all.count({ name: 'sent' }).toStream().to('out', counts);
  }
});
