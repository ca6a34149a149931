import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../src/log/record.ts';
import { RecordBatch } from '../../src/log/record-batch.ts';
import {
  BATCH_RECORDS_MAX,
  RECORD_BYTES_MAX,
  RecordBuffer,
  type RecordBufferMark,
} from '../../src/log/record-buffer.ts';

interface Plain {
  readonly timestamp: number;
  readonly key: readonly number[] | null;
  readonly value: readonly number[] | null;
  readonly headers: readonly (readonly [string, readonly number[] | null])[];
}

/** Reads a buffer back through RecordBatch, as a reader of the log would. */
function contents(buffer: RecordBuffer): readonly Plain[] {
  const list = (bytes: Uint8Array | null) => (bytes === null ? null : [...bytes]);
  const records: Plain[] = [];
  for (const { bytes, count } of buffer.batches()) {
    const batch = new RecordBatch('t', 0, 0, records.length, Buffer.from(bytes), count);
    expect(batch.length).toBe(count);
    for (let i = 0; i < batch.length; i++) {
      expect(batch.offsetAt(i)).toBe(records.length);
      records.push({
        timestamp: batch.timestampAt(i),
        key: list(batch.keyAt(i)),
        value: list(batch.valueAt(i)),
        headers: batch.headersAt(i).map(([name, value]) => [name, list(value)] as const),
      });
    }
  }
  return records;
}

function append(buffer: RecordBuffer, { timestamp, key, value, headers }: Plain): void {
  const bytes = (list: readonly number[] | null) => (list === null ? null : Uint8Array.from(list));
  buffer.append(
    timestamp,
    bytes(key),
    bytes(value),
    headers.map(([name, list]) => [name, bytes(list)] as const) as Headers,
  );
}

const bytes = fc.option(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 100 }));
const plain: fc.Arbitrary<Plain> = fc.record({
  timestamp: fc.maxSafeInteger().map((n) => n + 0),
  key: bytes,
  value: bytes,
  headers: fc.array(
    fc.tuple(
      fc.string({ unit: 'binary', maxLength: 5 }).filter((text) => Buffer.from(text).toString() === text),
      bytes,
    ),
    { maxLength: 3 },
  ),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(plain, { minLength: 1, maxLength: 5 }).map((records) => ({ kind: 'append' as const, records })),
  },
  { weight: 1, arbitrary: plain.map((record) => ({ kind: 'fill' as const, record })) },
  { weight: 2, arbitrary: fc.constant({ kind: 'mark' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'rewind' as const }) },
  {
    weight: 2,
    arbitrary: fc.double({ min: 0, max: 1.2, noNaN: true }).map((share) => ({ kind: 'truncate' as const, share })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

describe('RecordBuffer', () => {
  it('gives back what went in, through any order of append, mark, rewind, truncate and clear', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const buffer = new RecordBuffer();
        let expected: Plain[] = [];
        let marked: { mark: RecordBufferMark; count: number } | undefined;
        for (const next of steps) {
          if (next.kind === 'append') {
            for (const record of next.records) append(buffer, record);
            expected.push(...next.records);
          } else if (next.kind === 'fill') {
            for (let i = 0; i < BATCH_RECORDS_MAX; i++) append(buffer, next.record);
            for (let i = 0; i < BATCH_RECORDS_MAX; i++) expected.push(next.record);
          } else if (next.kind === 'mark') {
            marked = { mark: buffer.mark(), count: expected.length };
          } else if (next.kind === 'rewind' && marked !== undefined) {
            buffer.rewind(marked.mark);
            expected = expected.slice(0, marked.count);
          } else if (next.kind === 'truncate') {
            const count = Math.floor(expected.length * next.share);
            buffer.truncate(count);
            expected = expected.slice(0, count);
            if (marked !== undefined && marked.count > expected.length) marked = undefined;
          } else if (next.kind === 'clear') {
            buffer.clear();
            expected = [];
            marked = undefined;
          }
          expect(buffer.count).toBe(expected.length);
        }
        expect(contents(buffer)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('reads each record where it stands, whatever is appended behind it', () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 30 }), fc.integer({ min: 1, max: 80 }), (records, rounds) => {
        const buffer = new RecordBuffer();
        const places: (readonly [number, Plain])[] = [];
        for (let round = 0; round < rounds; round++) {
          for (const record of records) {
            append(buffer, record);
            places.push([buffer.lastRecordAt, record]);
          }
        }
        const list = (bytes: Uint8Array | null) => (bytes === null ? null : [...bytes]);
        for (const [place, { key, value, timestamp }] of places) {
          expect([list(buffer.keyAt(place)), list(buffer.valueAt(place))]).toEqual([key, value]);
          expect(buffer.timestampAt(place)).toBe(timestamp);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is as before when a record is refused, also behind others', () => {
    const buffer = new RecordBuffer();
    buffer.append(1, null, Buffer.from('kept'), []);
    const before = buffer.mark();
    expect(() => buffer.append(1, null, Buffer.alloc(RECORD_BYTES_MAX), [])).toThrow(/over the limit/);
    expect(() => buffer.append(Number.NaN, null, null, [])).toThrow(/whole milliseconds/);
    expect(() => buffer.append(1, null, null, [['x'.repeat(70_000), null]])).toThrow(/header/);
    expect(buffer.mark()).toEqual(before);
    expect(contents(buffer)).toHaveLength(1);
  });

  it('cuts a batch where it is full, and a batch that does not add up is found out', () => {
    const buffer = new RecordBuffer();
    for (let i = 0; i < BATCH_RECORDS_MAX + 1; i++) buffer.append(i, null, null, []);
    expect(buffer.batches().map(({ count }) => count)).toEqual([BATCH_RECORDS_MAX, 1]);
    const { bytes: last } = buffer.batches()[1]!;
    expect(() => new RecordBatch('t', 0, 0, 0, last.subarray(0, last.length - 1), 1)).toThrow(/damaged/);
    expect(() => new RecordBatch('t', 0, 0, 0, last, 2)).toThrow(/damaged/);
  });
});
