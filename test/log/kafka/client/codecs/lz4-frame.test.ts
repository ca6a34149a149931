import { expect, test } from 'vitest';
import { lz4FrameBytesMax } from '../../../../../src/log/kafka/client/codecs/lz4-frame.ts';
import { compress } from '../../../../../src/log/kafka/client/codecs.ts';

test('counts to the byte where the blocks as a whole would be over the limit', () => {
  for (const length of [0, 1, 14, 15, 16, 270, 65_536, 5_000_000]) {
    const frame = compress('lz4', Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789'));
    expect(lz4FrameBytesMax(frame, 0)).toBe(length);
    expect(lz4FrameBytesMax(frame, 64 * 1024 * 1024)).toBeGreaterThanOrEqual(length);
  }
});

test('counts literals that do not compress, and frames behind skipped ones', () => {
  const noise = Buffer.from(Array.from({ length: 4_000 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff));
  const frame = compress('lz4', noise);
  const skipped = Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]);
  expect(lz4FrameBytesMax(Buffer.concat([frame, skipped, frame]), 0)).toBe(8_000);
});

test('tells where a frame ends too early', () => {
  const frame = compress('lz4', Buffer.alloc(100, 'ab'));
  expect(() => lz4FrameBytesMax(frame.subarray(0, 12), 0)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
  expect(() => lz4FrameBytesMax(Buffer.from('no frame'), 0)).toThrow(/no frame begins/);
});
