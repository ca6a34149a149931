import fc from 'fast-check';
import { encodeRecordBatches } from '../../../../src/log/kafka/protocol/encode-record-batches.ts';
import { type RecordSet, RecordSetReader } from '../../../../src/log/kafka/protocol/record-set-reader.ts';
import { NO_HEADERS } from '../../../../src/log/record.ts';
import type { RecordBatch } from '../../../../src/log/record-batch.ts';
import { RecordBuffer } from '../../../../src/log/record-buffer.ts';

/** A record as a test writes it down: bytes as hexadecimal digits. */
export interface PlainRecord {
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

export interface PlacedRecord extends PlainRecord {
  readonly offset: number;
}

export const place = { topic: 'accounts', partition: 3 };
export const limits = { batchBytesTarget: 900_000, batchBytesMax: 1_048_588 };

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((each) => Buffer.from(each).toString('hex'));
/** Most are short, some pass the lengths at which copies and varints change their ways. */
const content = fc.option(
  fc.oneof(
    { weight: 6, arbitrary: bytes(20) },
    { weight: 2, arbitrary: bytes(150) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }).map((length) => 'a5'.repeat(length)) },
  ),
  { nil: null },
);
const timestamp = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.integer({ min: Date.parse('1993-01-01'), max: Date.parse('2026-12-31') }),
  fc.integer({ min: -1, max: 1 }),
  fc.maxSafeInteger(),
);
const headers = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 80 }), content), { maxLength: 4 }) },
);

export const anyRecord: fc.Arbitrary<PlainRecord> = fc.record({ timestamp, key: content, value: content, headers });

const bytesOf = (hex: string | null) => (hex === null ? null : Buffer.from(hex, 'hex'));
const hexOf = (found: Uint8Array | null) => (found === null ? null : Buffer.from(found).toString('hex'));

export function bufferOf(records: readonly PlainRecord[]): RecordBuffer {
  const buffer = new RecordBuffer();
  for (const { timestamp, key, value, headers } of records) {
    const list = headers.map(([name, each]) => [name, bytesOf(each)] as const);
    buffer.append(timestamp, bytesOf(key), bytesOf(value), list.length === 0 ? NO_HEADERS : list);
  }
  return buffer;
}

export function plainRecords(batch: RecordBatch): readonly PlacedRecord[] {
  return Array.from({ length: batch.length }, (_, i) => ({
    offset: batch.offsetAt(i),
    timestamp: batch.timestampAt(i),
    key: hexOf(batch.keyAt(i)),
    value: hexOf(batch.valueAt(i)),
    headers: batch.headersAt(i).map(([name, value]) => [name, hexOf(value)] as const),
  }));
}

export interface BatchOptions {
  readonly baseOffset: number;
  readonly producerId?: bigint;
  readonly transactionalId?: string | null;
}

/** The records as one or more batches, with offsets as the leader of the partition gives them. */
export function recordSetOf(records: readonly PlainRecord[], options: BatchOptions): Buffer {
  const { producerId = -1n, transactionalId = null } = options;
  let { baseOffset } = options;
  const batches = encodeRecordBatches(bufferOf(records), { ...place, ...limits });
  return Buffer.concat(
    batches.map((batch) => {
      batch.stamp({ transactionalId, producerId, epoch: 0, baseSequence: 0 });
      batch.bytes.writeBigInt64BE(BigInt(baseOffset), 0);
      baseOffset += batch.count;
      return batch.bytes;
    }),
  );
}

export function readerOf(recordSet: Uint8Array, options: Partial<RecordSet> = {}): RecordSetReader {
  const decompress = (): never => {
    throw new TypeError('nothing is compressed here');
  };
  return new RecordSetReader({ ...place, fromOffset: 0, recordSet, abortedTransactions: [], decompress, ...options });
}

/** All records of a set, and where to go on from. */
export function readAll(reader: RecordSetReader): { readonly records: readonly PlacedRecord[]; readonly next: number } {
  const records: PlacedRecord[] = [];
  for (let batch = reader.next(1); batch !== null; batch = reader.next(1)) records.push(...plainRecords(batch));
  return { records, next: reader.nextOffset };
}

/** What a call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
