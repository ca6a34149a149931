import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  compressionCodecs,
  EXPANDED_BYTES_MAX,
} from '../../../../../src/log/kafka/client/corrections/compression-codecs.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

const codecOf = async (load: LoadModule, type: number): Promise<Codec> =>
  (load('src/protocol/message/compression') as { lookupCodec(type: number): Codec }).lookupCodec(type);

test.each([
  ['gzip', 1],
  ['snappy', 2],
  ['lz4', 3],
  ['zstd', 4],
])('%s', async (_name, type) => {
  const codec = await codecOf(corrected(compressionCodecs), type);
  const compressed = await codec.compress({ buffer: Buffer.from('payment '.repeat(1_000)) });
  expect(compressed.length).toBeLessThan(1_000);
  expect((await codec.decompress(compressed)).toString()).toBe('payment '.repeat(1_000));
  if (type > 1) expect(await outcomeOf(codecOf(stock, type))).toMatchObject({ name: 'KafkaJSNotImplemented' });
});

test('gzip is bounded, where stock expands whatever comes', async () => {
  const bomb = gzipSync(Buffer.alloc(EXPANDED_BYTES_MAX + 1));
  expect(await (await codecOf(stock, 1)).decompress(bomb)).toHaveLength(EXPANDED_BYTES_MAX + 1);
  const codec = await codecOf(corrected(compressionCodecs), 1);
  expect(await outcomeOf(codec.decompress(bomb))).toMatchObject({ code: 'RECORD_TOO_LARGE' });
});
