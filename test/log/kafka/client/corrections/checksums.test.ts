import { expect, test } from 'vitest';
import { checksums } from '../../../../../src/log/kafka/client/corrections/checksums.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { encodeRecordBatch } from '../../../../../src/log/kafka/client/sending/record-batch-encoder.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

const fixed = corrected(checksums);

async function batch(values: readonly string[]): Promise<Buffer> {
  return encodeRecordBatch({
    messages: values.map((value) => ({ key: 'account', value })),
    attributes: 0,
    now: 1_700_000_000_000,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
    compress: null,
  });
}

/** The values of a fetched record set, through the decoder of Fetch. */
async function decoded(load: LoadModule, set: Buffer): Promise<readonly string[]> {
  const Decoder = load('src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decode = load('src/protocol/requests/fetch/v4/decodeMessages') as (
    decoder: unknown,
  ) => Promise<{ value: Buffer }[]>;
  const length = Buffer.alloc(4);
  length.writeInt32BE(set.length);
  const messages = await decode(new Decoder(Buffer.concat([length, set])));
  return messages.map(({ value }) => value.toString());
}

test('a damaged batch is an error that is not retriable, where stock hands out its records', async () => {
  const set = await batch(['100.00 EUR', '250.00 EUR']);
  expect(await decoded(fixed, set)).toEqual(['100.00 EUR', '250.00 EUR']);
  const at = set.indexOf('250.00');
  set.write('950.00', at);
  expect(await decoded(stock, set)).toEqual(['100.00 EUR', '950.00 EUR']);
  expect(await outcomeOf(decoded(fixed, set))).toMatchObject({
    name: 'KafkaJSNonRetriableError',
    retriable: false,
    message: expect.stringMatching(/offset 0 is damaged: its CRC-32C/),
  });
});

test('every flipped bit behind the checksum is found', async () => {
  const set = await batch(['one', 'two']);
  for (let at = 21; at < set.length; at += 1) {
    const damaged = Buffer.from(set);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    expect(await outcomeOf(decoded(fixed, damaged))).toBeInstanceOf(Error);
  }
});

test('a batch that the fetch cut off is left for the next fetch, as before', async () => {
  const [whole, cut] = [await batch(['whole']), await batch(['cut off', 'for its length'])];
  for (const kept of [30, 61, cut.length - 1]) {
    expect(await decoded(fixed, Buffer.concat([whole, cut.subarray(0, kept)]))).toEqual(['whole']);
  }
});
