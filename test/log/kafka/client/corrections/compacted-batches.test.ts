import { expect, test } from 'vitest';
import { abortedTransactions } from '../../../../../src/log/kafka/client/corrections/aborted-transactions.ts';
import { compactedBatches } from '../../../../../src/log/kafka/client/corrections/compacted-batches.ts';
import { type LoadModule, loadKafkajs } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { encodeRecordBatch } from '../../../../../src/log/kafka/client/sending/record-batch-encoder.ts';
import { corrected, stock } from '../libraries.ts';

interface Batch {
  readonly messages: readonly { readonly offset: string }[];
  lastOffset(): string;
  isEmptyDueToFiltering(): boolean;
}

const LAST_DELTA_AT = 23;
const RECORDS_AT = 61;

/** A batch of offsets 0 to 9 of which compaction has left some: each is up to 63, so its delta is the fourth byte of its record. */
async function compacted(left: readonly number[]): Promise<Buffer> {
  const bytes = await encodeRecordBatch({
    messages: left.map(() => ({ value: 'x' })),
    attributes: 0,
    now: 0,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
    compress: null,
  });
  const recordBytes = left.length === 0 ? 0 : (bytes.length - RECORDS_AT) / left.length;
  for (const [at, offset] of left.entries()) bytes[RECORDS_AT + at * recordBytes + 3] = 2 * offset;
  bytes.writeInt32BE(9, LAST_DELTA_AT);
  return bytes;
}

async function fetched(
  load: LoadModule,
  set: Buffer,
  fromOffset: string,
  abortedTransactions: readonly object[] = [],
): Promise<Batch> {
  const Decoder = load('src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decode = load('src/protocol/requests/fetch/v4/decodeMessages') as (
    decoder: unknown,
  ) => Promise<readonly object[]>;
  const length = Buffer.alloc(4);
  length.writeInt32BE(set.length);
  const messages = await decode(new Decoder(Buffer.concat([length, set])));
  const BatchClass = load('src/consumer/batch') as new (topic: string, from: string, data: object) => Batch;
  return new BatchClass('t', fromOffset, { partition: 0, highWatermark: '100', messages, abortedTransactions });
}

test('the position moves over a batch of which nothing is left', async () => {
  const set = await compacted([]);
  expect((await fetched(stock, set, '0')).isEmptyDueToFiltering()).toBe(false);
  const batch = await fetched(corrected(compactedBatches), set, '0');
  expect(batch.isEmptyDueToFiltering()).toBe(true);
  expect(batch.lastOffset()).toBe('9');
});

test('the position moves over records that are missing at the end of a batch', async () => {
  const set = await compacted([0, 4]);
  expect((await fetched(stock, set, '0')).lastOffset()).toBe('4');
  const batch = await fetched(corrected(compactedBatches), set, '0');
  expect(batch.messages.map(({ offset }) => offset)).toEqual(['0', '4']);
  expect(batch.lastOffset()).toBe('9');
});

test('a batch that is whole is as it was, and what is added ends no transaction', async () => {
  const both = loadKafkajs([compactedBatches, abortedTransactions]);
  const whole = await compacted([7, 8, 9]);
  expect((await fetched(both, whole, '0')).messages.map(({ offset }) => offset)).toEqual(['7', '8', '9']);
  const aborted = [{ producerId: '-1', firstOffset: '0' }];
  const twice = Buffer.concat([await compacted([1]), await compacted([2, 9])]);
  expect((await fetched(both, twice, '0', aborted)).messages).toHaveLength(3);
});
