import { describe, expect, it } from 'vitest';
import { murmur2, partitionFor } from '../../src/log/partitioner.ts';

describe('murmur2', () => {
  // From Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is %d', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });
});

describe('partitionFor', () => {
  it("is Kafka's: the hash without its sign, modulo the partitions; a null key goes to 0", () => {
    expect(partitionFor(Buffer.from('21'), 7)).toBe((-973932308 & 0x7fffffff) % 7);
    expect(partitionFor(null, 7)).toBe(0);
    expect(partitionFor(Buffer.alloc(0), 1)).toBe(0);
  });
});
