import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadraceError } from '../../../../src/errors.ts';
import { encodeRecordBatches } from '../../../../src/log/kafka/protocol/encode-record-batches.ts';
import { BATCH_RECORDS_MAX } from '../../../../src/log/record-buffer.ts';
import { crc32c } from '../../../../src/storage/checksum.ts';
import {
  anyRecord,
  bufferOf,
  limits,
  type PlainRecord,
  place,
  plainRecords,
  readAll,
  readerOf,
  recordSetOf,
  thrownBy,
} from './plain-records.ts';

const simple = (count: number, value = '0102'): PlainRecord[] =>
  Array.from({ length: count }, (_, i) => ({ timestamp: 1_700_000_000_000 + i, key: '6b', value, headers: [] }));

/** Sets the checksum anew, as a producer would that writes such bytes. */
function resealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

describe('RecordSetReader', () => {
  it('reads what was encoded, wherever batches begin', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 12 }), { maxLength: 6 }),
        fc.nat(2 ** 40),
        fc.nat(30),
        fc.nat(9),
        (groups, start, skipped, gap) => {
          const sets: Buffer[] = [];
          const expected: unknown[] = [];
          let offset = start;
          for (const group of groups) {
            sets.push(recordSetOf(group, { baseOffset: offset }));
            group.forEach((record, i) => {
              if (offset + i >= start + skipped) expected.push({ offset: offset + i, ...record });
            });
            // Compaction and other producers leave gaps.
            offset += group.length + gap;
          }
          const { records, next } = readAll(readerOf(Buffer.concat(sets), { fromOffset: start + skipped }));
          expect(records).toEqual(expected);
          expect(next).toBe(groups.length === 0 ? start + skipped : Math.max(start + skipped, offset - gap));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('leaves out a last batch that is cut short, and goes on at its beginning', () => {
    const first = recordSetOf(simple(3), { baseOffset: 10 });
    const second = recordSetOf(simple(4), { baseOffset: 13 });
    for (let cut = 0; cut < second.length; cut++) {
      const { records, next } = readAll(readerOf(Buffer.concat([first, second.subarray(0, cut)]), { fromOffset: 10 }));
      expect(records.map(({ offset }) => offset)).toEqual([10, 11, 12]);
      expect(next).toBe(13);
    }
  });

  it('refuses a set that has no whole batch, as it would be asked for again for ever', () => {
    const whole = recordSetOf(simple(3), { baseOffset: 10 });
    for (let cut = 1; cut < whole.length; cut++) {
      const error = thrownBy(() => readerOf(whole.subarray(0, cut), { fromOffset: 10 }).next(1));
      expect(error).toMatchObject({ code: 'LOG_CORRUPT', where: { ...place, offset: 10 } });
    }
    expect(readerOf(Buffer.alloc(0), { fromOffset: 10 }).next(1)).toBeNull();
  });

  it('joins small batches and splits great ones', () => {
    const small = Array.from({ length: 20 }, (_, i) => recordSetOf(simple(2), { baseOffset: 2 * i }));
    const joined = readerOf(Buffer.concat(small));
    expect(joined.next(7)).toMatchObject({ length: 40, epoch: 7, ...place });
    expect(joined.next(7)).toBeNull();
    const great = readerOf(recordSetOf(simple(2_500), { baseOffset: 0 }));
    expect(great.next(1)).toMatchObject({ length: BATCH_RECORDS_MAX });
    expect(great.nextOffset).toBe(BATCH_RECORDS_MAX);
    expect(great.next(1)).toMatchObject({ length: BATCH_RECORDS_MAX });
    expect(great.next(1)).toMatchObject({ length: 500 });
    expect(great.nextOffset).toBe(2_500);
  });

  it('keeps offsets apart that lie further from each other than a batch can tell', () => {
    const far = [0, 2 ** 33, 2 ** 34].map((baseOffset) => recordSetOf(simple(1), { baseOffset }));
    const { records } = readAll(readerOf(Buffer.concat(far)));
    expect(records.map(({ offset }) => offset)).toEqual([0, 2 ** 33, 2 ** 34]);
  });

  it('batches of different readers share no memory', () => {
    const first = readerOf(recordSetOf(simple(2, 'aa'), { baseOffset: 0 })).next(1)!;
    readerOf(recordSetOf(simple(2, 'bb'), { baseOffset: 0 })).next(1);
    expect(plainRecords(first).map(({ value }) => value)).toEqual(['aa', 'aa']);
  });

  it('takes the broker’s time for all records where the topic says so', () => {
    const set = recordSetOf(simple(3), { baseOffset: 0 });
    set.writeInt16BE(0x08, 21);
    set.writeBigInt64BE(1_800_000_000_000n, 35);
    const { records } = readAll(readerOf(resealed(set)));
    expect(records.map(({ timestamp }) => timestamp)).toEqual([1.8e12, 1.8e12, 1.8e12]);
  });

  it('reads compressed batches, and says where one is that can’t be expanded', () => {
    const decompress = (codec: string, bytes: Uint8Array, maxOutputLength: number) => {
      expect(codec).toBe('gzip');
      return gunzipSync(bytes, { maxOutputLength });
    };
    const records = simple(50, '00'.repeat(200));
    const compression = { codec: 'gzip', compress: (_: string, bytes: Uint8Array) => gzipSync(bytes) } as const;
    const [batch] = encodeRecordBatches(bufferOf(records), { ...place, ...limits, compression });
    batch!.stamp({ transactionalId: null, producerId: 1n, epoch: 0, baseSequence: 0 });
    expect(batch!.bytes.length).toBeLessThan(1_000);
    const read = readAll(readerOf(batch!.bytes, { decompress }));
    expect(read.records).toEqual(records.map((record, offset) => ({ offset, ...record })));

    const refused = () => {
      throw new HeadraceError('KAFKA_CLIENT_UNSUPPORTED', 'no binary');
    };
    const error = thrownBy(() => readerOf(batch!.bytes, { decompress: refused }).next(1));
    expect(error).toMatchObject({ code: 'KAFKA_CLIENT_UNSUPPORTED', where: { ...place, offset: 0 } });
  });

  it('refuses message formats from before Kafka 0.11', () => {
    for (const magic of [0, 1]) {
      const set = recordSetOf(simple(1), { baseOffset: 5 });
      set.writeInt8(magic, 16);
      const error = thrownBy(() => readerOf(set, { fromOffset: 5 }).next(1));
      expect(error).toMatchObject({ code: 'LOG_CORRUPT', where: { ...place, offset: 5 } });
      expect(String(error)).toMatch(/Copy the topic/);
    }
  });

  it('hands out what stands before a damaged batch, then fails at it each time', () => {
    const good = recordSetOf(simple(3), { baseOffset: 0 });
    const bad = recordSetOf(simple(3), { baseOffset: 3 });
    bad[70]! ^= 1;
    const reader = readerOf(Buffer.concat([good, bad]));
    expect(reader.next(1)).toMatchObject({ length: 3 });
    for (let i = 0; i < 2; i++) {
      expect(thrownBy(() => reader.next(1))).toMatchObject({ code: 'LOG_CORRUPT', where: { offset: 3 } });
      expect(reader.nextOffset).toBe(3);
    }
  });

  it('finds every flipped bit that the checksum covers', () => {
    const records: PlainRecord[] = [...simple(2), { timestamp: 1, key: null, value: null, headers: [['h', 'ff']] }];
    const set = recordSetOf(records, { baseOffset: 0 });
    const expected = records.map((record, offset) => ({ offset, ...record }));
    for (let bit = 16 * 8; bit < set.length * 8; bit++) {
      const damaged = Buffer.from(set);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(thrownBy(() => readAll(readerOf(damaged)))).toMatchObject({ code: 'LOG_CORRUPT' });
    }
    // Not covered: the epoch of the leader, which says nothing about the records.
    for (let at = 12; at < 16; at++) {
      const damaged = Buffer.from(set);
      damaged[at]! ^= 0x55;
      expect(readAll(readerOf(damaged)).records).toEqual(expected);
    }
  });

  it('reads or refuses any bytes behind a right checksum', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (records, damages) => {
          const set = recordSetOf(records, { baseOffset: 7 });
          for (const [at, byte] of damages) set[21 + (at % Math.min(set.length - 21, 200))] = byte;
          const codes = ['LOG_CORRUPT', 'TIMESTAMP_INVALID', 'RECORD_TOO_LARGE'];
          const decompress = () => Buffer.alloc(0);
          const error = thrownBy(() => {
            const { records: read } = readAll(readerOf(resealed(set), { decompress }));
            for (let i = 0; i < read.length; i++) {
              expect(read[i]!.offset).toBeGreaterThan(i === 0 ? 6 : read[i - 1]!.offset);
            }
          });
          if (error !== undefined) expect(codes).toContain((error as HeadraceError).code);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads or refuses any bytes whatever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, looksRight) => {
        const set = Buffer.from(noise);
        if (looksRight && set.length >= 61) {
          set.writeBigInt64BE(0n, 0);
          set.writeInt32BE(set.length - 12, 8);
          set[16] = 2;
          set[22]! &= 0x28;
          resealed(set);
        }
        const error = thrownBy(() => readAll(readerOf(set)));
        if (error !== undefined) expect(error).toBeInstanceOf(HeadraceError);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['fewer records than are there', (set: Buffer) => set.writeInt32BE(1, 57)],
    ['more records than are there', (set: Buffer) => set.writeInt32BE(3, 57)],
    ['more records than could be there', (set: Buffer) => set.writeInt32BE(2 ** 31 - 1, 57)],
    ['a negative number of records', (set: Buffer) => set.writeInt32BE(-1, 57)],
    ['a last offset before its records', (set: Buffer) => set.writeInt32BE(0, 23)],
    ['a compression that is not known', (set: Buffer) => set.writeInt16BE(7, 21)],
  ])('refuses a batch that claims %s', (_, damage) => {
    const set = recordSetOf(simple(2), { baseOffset: 4 });
    damage(set);
    const error = thrownBy(() => readAll(readerOf(resealed(set), { fromOffset: 4 })));
    expect(error).toMatchObject({ code: 'LOG_CORRUPT', where: { ...place, offset: 4 } });
  });

  it('refuses batches whose offsets do not ascend', () => {
    const set = Buffer.concat([3, 4].map((baseOffset) => recordSetOf(simple(2), { baseOffset })));
    expect(thrownBy(() => readAll(readerOf(set)))).toMatchObject({ code: 'LOG_CORRUPT', where: { offset: 4 } });
  });
});
