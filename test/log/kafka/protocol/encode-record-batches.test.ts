import { createRequire } from 'node:module';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EncodedRecordBatch,
  type EncodeOptions,
  encodeRecordBatches,
} from '../../../../src/log/kafka/protocol/encode-record-batches.ts';
import { RecordBuffer } from '../../../../src/log/record-buffer.ts';
import { crc32c } from '../../../../src/storage/checksum.ts';
import { anyRecord, bufferOf, limits, type PlainRecord, place, readAll, readerOf, thrownBy } from './plain-records.ts';

const producer = { transactionalId: 'bank-1', producerId: 77n, epoch: 3, baseSequence: 0 };
const gzip = { codec: 'gzip', compress: (_: string, bytes: Uint8Array) => gzipSync(bytes) } as const;
const decompress = (_: string, bytes: Uint8Array) => gunzipSync(bytes);

/** Reads batches as if the leader had appended them. */
function contents(batches: readonly EncodedRecordBatch[]): readonly PlainRecord[] {
  let offset = 0;
  for (const batch of batches) {
    batch.stamp({ ...producer, baseSequence: offset });
    batch.bytes.writeBigInt64BE(BigInt(offset), 0);
    offset += batch.count;
  }
  const { records, next } = readAll(readerOf(Buffer.concat(batches.map(({ bytes }) => bytes)), { decompress }));
  expect(next).toBe(offset);
  return records.map(({ offset: _, ...record }) => record);
}

/** Not to be told from noise, so that no codec makes it smaller. */
function noise(length: number): string {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes.toString('hex');
}

const valued = (value: string): PlainRecord => ({ timestamp: 1, key: '6b31', value, headers: [] });

describe('encodeRecordBatches', () => {
  it('loses nothing, whatever the limits and with or without compression', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 60 }),
        fc.integer({ min: 61, max: 60_000 }),
        fc.boolean(),
        (records, batchBytesTarget, isCompressed) => {
          const options: EncodeOptions = { ...place, ...limits, batchBytesTarget };
          const batches = encodeRecordBatches(bufferOf(records), {
            ...options,
            ...(isCompressed ? { compression: gzip } : {}),
          });
          expect(contents(batches)).toEqual(records);
          for (const { bytes, count } of batches) {
            if (count > 1 && !isCompressed) expect(bytes.length).toBeLessThanOrEqual(batchBytesTarget);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps each batch within the limit and leaves out only records that are too large by themselves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ value: fc.integer({ min: 0, max: 700 }).map(noise), isSmall: fc.boolean() }), {
          maxLength: 30,
        }),
        fc.integer({ min: 100, max: 800 }),
        fc.boolean(),
        (drawn, batchBytesMax, isCompressed) => {
          const records = drawn.map(({ value, isSmall }) => valued(isSmall ? value.slice(0, 20) : value));
          const refused: number[] = [];
          const batches = encodeRecordBatches(bufferOf(records), {
            ...place,
            batchBytesTarget: batchBytesMax,
            batchBytesMax,
            ...(isCompressed ? { compression: gzip } : {}),
            onTooLarge: (index, error) => {
              expect(error.code).toBe('RECORD_TOO_LARGE');
              refused.push(index);
            },
          });
          for (const { bytes } of batches) expect(bytes.length).toBeLessThanOrEqual(batchBytesMax);
          expect(contents(batches)).toEqual(records.filter((_, i) => !refused.includes(i)));
          // 61 bytes of header; 2 for lengths of up to 2 bytes each, 4 single ones and the key of 2.
          const fits = ({ value }: PlainRecord) => 61 + value!.length / 2 + 12 <= batchBytesMax;
          for (const index of refused) expect(fits(records[index]!)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('says what is too large, and of which sizes', () => {
    const record = { ...valued('00'.repeat(2_000)), headers: [['h', 'ff']] as const };
    const options = { ...place, batchBytesTarget: 1_000, batchBytesMax: 1_000 };
    const error = thrownBy(() => encodeRecordBatches(bufferOf([valued('00'), record]), options));
    expect(error).toMatchObject({ code: 'RECORD_TOO_LARGE', where: place });
    expect(String(error)).toMatch(/key 2, value 2000, 1 headers\), and may have 1000\..*max\.message\.bytes/);
  });

  it('sends a record that fits only when compressed', () => {
    const options = { ...place, batchBytesTarget: 1_000, batchBytesMax: 1_000, compression: gzip };
    expect(contents(encodeRecordBatches(bufferOf([valued('00'.repeat(100_000))]), options))).toHaveLength(1);
  });

  it('splits where compression does not help, and sends what it would swell as it is', () => {
    const records = Array.from({ length: 100 }, (_, i) => valued(noise(100 + i)));
    const options = { ...place, batchBytesTarget: 100_000, batchBytesMax: 2_000, compression: gzip };
    const batches = encodeRecordBatches(bufferOf(records), options);
    expect(contents(batches)).toEqual(records);
    expect(Math.max(...batches.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(2_000);
    const [single] = encodeRecordBatches(bufferOf([valued('01')]), options);
    expect(single!.bytes.readInt16BE(21) & 7).toBe(0);
  });

  it('can be stamped again for another producer', () => {
    const [batch] = encodeRecordBatches(bufferOf([valued('01')]), { ...place, ...limits });
    batch!.stamp(producer);
    const first = Buffer.from(batch!.bytes);
    batch!.stamp({ transactionalId: null, producerId: 2n ** 40n, epoch: 9, baseSequence: 2 ** 31 - 1 });
    expect(batch!.bytes.readInt16BE(21)).toBe(0);
    expect(batch!.bytes.readBigInt64BE(43)).toBe(2n ** 40n);
    expect(batch!.bytes.readInt16BE(51)).toBe(9);
    expect(batch!.bytes.readInt32BE(53)).toBe(2 ** 31 - 1);
    expect(batch!.bytes.readUInt32BE(17)).toBe(crc32c(batch!.bytes.subarray(21)));
    batch!.stamp(producer);
    expect(batch!.bytes).toEqual(first);
  });

  it('begins a new batch where timestamps lie too far apart for their difference to be exact', () => {
    const records = [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0].map((timestamp) => ({
      ...valued('01'),
      timestamp,
    }));
    const batches = encodeRecordBatches(bufferOf(records), { ...place, ...limits });
    expect(batches.map(({ count }) => count)).toEqual([1, 1, 1]);
    expect(contents(batches)).toEqual(records);
  });

  it('has nothing to send of an empty buffer, and leaves a buffer free for use', () => {
    expect(encodeRecordBatches(new RecordBuffer(), { ...place, ...limits })).toEqual([]);
    const buffer = bufferOf([valued('01')]);
    const batches = encodeRecordBatches(buffer, { ...place, ...limits });
    buffer.clear();
    buffer.append(5, null, Uint8Array.of(9, 9, 9), []);
    expect(contents(batches)).toEqual([valued('01')]);
  });

  it('writes the bytes that kafkajs writes', async () => {
    const require = createRequire(import.meta.url);
    const produceV7 = require('kafkajs/src/protocol/requests/produce/v7/request.js');
    const records = [
      {
        timestamp: 740_000_000_000,
        key: '6b',
        value: '00'.repeat(300),
        headers: [
          ['a', 'ff'],
          ['ünï', ''],
        ] as const,
      },
      { timestamp: 840_000_000_000, key: null, value: null, headers: [] },
      { timestamp: 840_000_000_070, key: '', value: '01', headers: [] },
    ];
    const bytes = (hex: string | null) => (hex === null ? null : Buffer.from(hex, 'hex'));
    const messages = records.map(({ timestamp, key, value, headers }) => ({
      timestamp,
      key: bytes(key),
      value: bytes(value),
      headers: Object.fromEntries(headers.map(([name, each]) => [name, bytes(each)])),
    }));
    const partitions = [{ partition: 3, firstSequence: 12, messages }];
    const { buffer } = await produceV7({
      acks: -1,
      timeout: 1_000,
      transactionalId: 'bank-1',
      producerId: '77',
      producerEpoch: 3,
      topicData: [{ topic: place.topic, partitions }],
    }).encode();
    const [batch] = encodeRecordBatches(bufferOf(records), { ...place, ...limits });
    batch!.stamp({ ...producer, baseSequence: 12 });
    const theirs = buffer.subarray(buffer.length - batch!.bytes.length);
    // The leader's epoch is the broker's to set: ours is "not known", theirs the first.
    theirs.writeInt32BE(-1, 12);
    expect(batch!.bytes.toString('hex')).toBe(theirs.toString('hex'));
  });
});
