import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AbortedTransactions } from '../../../../src/log/kafka/protocol/aborted-transactions.ts';
import { type PlacedRecord, type PlainRecord, readAll, readerOf } from './plain-records.ts';
import { TransactionalPartition } from './transactional-partition.ts';

/** Keys of four zero bytes look like the key of an abort marker to readers that do not ask whether a batch is one of control. */
const record = fc.record({
  timestamp: fc.constant(1_700_000_000_000),
  key: fc.constantFrom('00000000', '00000001', '6b', null),
  value: fc.constantFrom('01', null),
  headers: fc.constant([]),
}) as fc.Arbitrary<PlainRecord>;

const step = fc.record({
  producer: fc.nat(4),
  action: fc.constantFrom('append', 'append', 'append', 'commit', 'abort', 'plain', 'compact', 'strip'),
  records: fc.array(record, { minLength: 1, maxLength: 4 }),
  batch: fc.nat(200),
});

/** Reads as a consumer does: fetch, read to the end, fetch from there. */
function consume(partition: TransactionalPartition, fromOffset: number, maxBytes: number): readonly PlacedRecord[] {
  const found: PlacedRecord[] = [];
  for (let offset = fromOffset; ; ) {
    const fetched = partition.fetch(offset, maxBytes);
    if (fetched.recordSet.length === 0) return found;
    const { records, next } = readAll(readerOf(fetched.recordSet, { ...fetched, fromOffset: offset }));
    found.push(...records);
    expect(next).toBeGreaterThan(offset);
    offset = next;
  }
}

describe('AbortedTransactions', () => {
  it('shows what was committed and nothing else, in any history, from anywhere, in fetches of any size', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 80 }),
        fc.nat(120),
        fc.integer({ min: 1, max: 2_000 }),
        // How many producers end their last transaction: one that stays open hides all that follows.
        fc.constantFrom(5, 5, 5, 2, 0),
        (steps, from, maxBytes, ended) => {
          const partition = new TransactionalPartition(0);
          for (const { producer, action, records, batch } of steps) {
            const id = BigInt(producer);
            if (action === 'append') partition.append(id, records, true);
            else if (action === 'plain') partition.append(10n + id, records, false);
            else if (action === 'compact' || action === 'strip') partition.compact(batch, action === 'strip');
            else if (partition.isOpen(id)) partition.end(id, action === 'commit');
          }
          for (let id = 0n; id < ended; id++) if (partition.isOpen(id)) partition.end(id, id % 2n === 0n);
          for (const start of [0, Math.min(from, partition.lastStableOffset)]) {
            const visible = partition.visible(start);
            expect(consume(partition, start, maxBytes)).toEqual(visible);
            expect(consume(partition, start, 1_000_000)).toEqual(visible);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes by where transactions begin, not by the order in which they ended', () => {
    const aborted = new AbortedTransactions([
      { producerId: 2n, firstOffset: 5 },
      { producerId: 1n, firstOffset: 0 },
    ]);
    expect(aborted.isAborted(1n, 2)).toBe(true);
    expect(aborted.isAborted(2n, 4)).toBe(false);
    expect(aborted.isAborted(2n, 5)).toBe(true);
    aborted.abortMarker(2n, 6);
    expect(aborted.isAborted(2n, 7)).toBe(false);
    expect(aborted.isAborted(1n, 8)).toBe(true);
  });
});
