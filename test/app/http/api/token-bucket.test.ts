import { expect, it } from 'vitest';
import { TokenBuckets } from '../../../../src/app/http/api/token-bucket.ts';

it('lets a burst through, then as many as the rate, each client by itself', () => {
  let now = 0;
  const buckets = new TokenBuckets(10, 3, () => now);
  expect([1, 2, 3].map(() => buckets.take('a'))).toEqual([0, 0, 0]);
  expect(buckets.take('a')).toBeCloseTo(0.1);
  expect(buckets.take('b')).toBe(0);
  now += 100;
  expect(buckets.take('a')).toBe(0);
  expect(buckets.take('a')).toBeGreaterThan(0);
  now += 60_000;
  expect([1, 2, 3, 4].map(() => buckets.take('a') === 0)).toEqual([true, true, true, false]);
});

it('gives nothing for a clock that is set back', () => {
  let now = 1_000_000;
  const buckets = new TokenBuckets(10, 1, () => now);
  expect(buckets.take('a')).toBe(0);
  now -= 500_000;
  expect(buckets.take('a')).toBeGreaterThan(0);
  now += 100;
  expect(buckets.take('a')).toBe(0);
});
