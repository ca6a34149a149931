import { expect, test } from 'vitest';
import { zstdFrameBytesMax } from '../../../../../src/log/kafka/client/codecs/zstd-frame.ts';
import { compress } from '../../../../../src/log/kafka/client/codecs.ts';

const BLOCK = 128 * 1024;

test('is over by less than a block', () => {
  for (const length of [0, 1, 255, 256, 65_792, 1_000_000, 5_000_000]) {
    const bytes = Buffer.from(Array.from({ length }, (_, at) => 97 + ((at >> 4) % 26)));
    const bound = zstdFrameBytesMax(compress('zstd', bytes));
    expect(bound).toBeGreaterThanOrEqual(length);
    expect(bound).toBeLessThan(length + BLOCK);
  }
});

test('counts a repeated byte and bytes that do not compress as what they are', () => {
  // A frame of one segment: descriptor 0x20, content size 200, then a block of one repeated byte, the last one.
  const repeated = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 200, ...blockHeader(200, 1, true), 7]);
  expect(zstdFrameBytesMax(repeated)).toBe(200);
  const raw = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, ...blockHeader(2, 0, true), 7, 8]);
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]);
  expect(zstdFrameBytesMax(Buffer.concat([raw, skipped, repeated]))).toBe(202);
});

test('tells frames that are none', () => {
  expect(() => zstdFrameBytesMax(Buffer.from('no frame'))).toThrow(/no frame begins/);
  const reserved = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 2, ...blockHeader(2, 3, true), 7, 8]);
  expect(() => zstdFrameBytesMax(reserved)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
});

function blockHeader(size: number, type: number, isLast: boolean): readonly number[] {
  const header = (size << 3) | (type << 1) | (isLast ? 1 : 0);
  return [header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff];
}
