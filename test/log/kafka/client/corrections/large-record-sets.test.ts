import { expect, test } from 'vitest';
import { largeRecordSets } from '../../../../../src/log/kafka/client/corrections/large-record-sets.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { encodeRecordBatch } from '../../../../../src/log/kafka/client/sending/record-batch-encoder.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

const RECORDS = 150_000;

async function countOf(load: LoadModule, set: Buffer): Promise<number> {
  const Decoder = load('src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decode = load('src/protocol/requests/fetch/v4/decodeMessages') as (decoder: unknown) => Promise<unknown[]>;
  const length = Buffer.alloc(4);
  length.writeInt32BE(set.length);
  return (await decode(new Decoder(Buffer.concat([length, set])))).length;
}

test('a batch of 150,000 records overflows the stack of stock, and is read', async () => {
  const set = await encodeRecordBatch({
    messages: Array.from({ length: RECORDS }, () => ({ value: 'x' })),
    attributes: 0,
    now: 0,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
    compress: null,
  });
  expect(await outcomeOf(countOf(stock, set))).toBeInstanceOf(RangeError);
  expect(await countOf(corrected(largeRecordSets), set)).toBe(RECORDS);
});
