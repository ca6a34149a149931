import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress, decompress, type KafkaCodec } from '../../../../src/log/kafka/client/codecs.ts';

const codecs: readonly KafkaCodec[] = ['gzip', 'snappy', 'lz4', 'zstd'];
const MEBIBYTE = 1024 * 1024;

describe.each(codecs)('%s', (codec) => {
  test('gives back what it was given, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.integer({ min: 1, max: 60 }), (piece, times) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => piece));
        // The bounds are counted in blocks: at most one block more than what is there.
        expect(decompress(codec, compress(codec, bytes), bytes.length + MEBIBYTE).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('takes a part of a larger buffer for what it is', () => {
    const whole = Buffer.from('----the records of a batch----');
    const part = whole.subarray(4, 26);
    const compressed = Buffer.concat([Buffer.from('??'), compress(codec, part), Buffer.from('!!')]);
    expect(decompress(codec, compressed.subarray(2, -2), MEBIBYTE).toString()).toBe('the records of a batch');
  });

  test('refuses to expand beyond the limit', () => {
    const bomb = compress(codec, Buffer.alloc(32 * MEBIBYTE));
    expect(bomb.length).toBeLessThan(2 * MEBIBYTE);
    expect(() => decompress(codec, bomb, MEBIBYTE)).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_LARGE', message: expect.stringContaining(`${MEBIBYTE} bytes`) }),
    );
    expect(decompress(codec, bomb, 33 * MEBIBYTE)).toHaveLength(32 * MEBIBYTE);
  });

  test('tells damaged bytes, and never gives more than the limit for them', () => {
    const bytes = Buffer.from(Array.from({ length: 4_000 }, (_, at) => `payment ${at % 37} `).join(''));
    const compressed = compress(codec, bytes);
    expect(() => decompress(codec, compressed.subarray(0, compressed.length - 5), MEBIBYTE)).toThrow(
      expect.objectContaining({ code: 'LOG_CORRUPT' }),
    );
    for (let at = 0; at < compressed.length; at += Math.ceil(compressed.length / 300)) {
      const damaged = Buffer.from(compressed);
      damaged[at] = (damaged[at] ?? 0) ^ 0x41;
      // Without a checksum in the format some damage goes unseen here; the batch's CRC-32C is what finds that.
      try {
        expect(decompress(codec, damaged, MEBIBYTE).length).toBeLessThanOrEqual(MEBIBYTE);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(LOG_CORRUPT|RECORD_TOO_LARGE)$/) });
      }
    }
  });
});

test('reads gzip members and snappy streams that stand one behind another', () => {
  const parts = ['first ', 'second'].map((text) => Buffer.from(text));
  const gzipped = Buffer.concat(parts.map((part) => gzipSync(part)));
  expect(decompress('gzip', gzipped, 100).toString()).toBe('first second');
  const framed = Buffer.concat(parts.map((part) => compress('snappy', part)));
  expect(decompress('snappy', framed, 100).toString()).toBe('first second');
});

test('reads the raw snappy block that librdkafka writes', () => {
  // Length 6, one literal of 6 bytes (snappy's format description).
  const raw = Buffer.from([6, (6 - 1) << 2, ...Buffer.from('secret')]);
  expect(decompress('snappy', raw, 6).toString()).toBe('secret');
});

test('writes the framing of snappy-java', () => {
  const framed = compress('snappy', Buffer.alloc(70_000, 'x'));
  expect(framed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
  const lengths: number[] = [];
  for (let at = 16; at < framed.length; at += 4 + framed.readUInt32BE(at)) lengths.push(framed.readUInt32BE(at));
  expect(lengths).toHaveLength(3);
});

test('writes LZ4 frames of independent blocks, which the JVM insists on', () => {
  const frame = compress('lz4', Buffer.alloc(10_000_000, 'payment '));
  expect(frame.readUInt32LE(0)).toBe(0x184d2204);
  expect((frame[4] ?? 0) & 0x20).toBe(0x20);
});

const hasTool = (name: string): boolean => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe.each(['lz4', 'zstd'] as const)('the program %s', (name) => {
  const lines = Array.from({ length: 30_000 }, (_, at) => `{"account":"a${at % 977}","amount":"${at * 31}"}`).join(
    '\n',
  );

  test.runIf(hasTool(name))('reads ours, and we read its streams of unknown size', () => {
    const ours = compress(name, Buffer.from(lines));
    expect(execFileSync(name, ['-d', '-c'], { input: ours, maxBuffer: 8 * MEBIBYTE }).toString()).toBe(lines);
    const theirs = execFileSync(name, ['-c'], { input: lines, maxBuffer: 8 * MEBIBYTE });
    expect(decompress(name, theirs, 8 * MEBIBYTE).toString()).toBe(lines);
  });
});
