import { once } from 'node:events';
import { expect, test } from 'vitest';
import { NativeCompression, nativeBlock } from '../../../../src/app/http/clickhouse/native-compression.ts';
import { readBlocks } from './native-blocks.ts';

test.each([1, 5, 6, 14, 15, 16, 269, 270, 271, 65_536])('a block of %i bytes', (length) => {
  const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 31) % 251));
  expect(readBlocks(nativeBlock(bytes)).equals(bytes)).toBe(true);
});

test('a stream of chunks larger and smaller than a block', async () => {
  const chunks = [200_000, 0, 1, 65_536].map((length) => Buffer.alloc(length, length % 251));
  const compression = new NativeCompression();
  const read: Buffer[] = [];
  compression.on('data', (chunk: Buffer) => read.push(chunk));
  for (const chunk of chunks) compression.write(chunk);
  compression.end();
  await once(compression, 'end');
  expect(readBlocks(Buffer.concat(read)).equals(Buffer.concat(chunks))).toBe(true);
});
