import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayMs, utcTimeMs } from '../../../src/clickhouse/row-binary/utc-time.ts';

const moments = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) });

test('every moment that toISOString writes is read as it was', () => {
  fc.assert(
    fc.property(moments, (ms) => {
      const text = new Date(ms).toISOString();
      expect(utcTimeMs(text)).toBe(ms);
      expect(dayMs(text.slice(0, 10))).toBe(Date.parse(text.slice(0, 10)));
    }),
    { numRuns: 5_000 },
  );
});

test('every day from 1900 to 2299', () => {
  for (let ms = Date.UTC(1900, 0, 1); ms < Date.UTC(2300, 0, 1); ms += 86_400_000) {
    if (dayMs(new Date(ms).toISOString()) !== ms) expect.fail(new Date(ms).toISOString());
  }
});

test('one character changed anywhere is either another moment or none, as Date.parse says', () => {
  fc.assert(
    fc.property(moments, fc.nat(23), fc.string({ minLength: 1, maxLength: 1 }), (ms, at, character) => {
      const text = new Date(ms).toISOString();
      const changed = text.slice(0, at) + character + text.slice(at + 1);
      const read = utcTimeMs(changed);
      if (!Number.isNaN(read)) expect(new Date(read).toISOString()).toBe(changed);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  '',
  '2023-02-29T00:00:00.000Z',
  '2023-04-31T00:00:00.000Z',
  '2023-00-01T00:00:00.000Z',
  '2023-13-01T00:00:00.000Z',
  '2023-01-00T00:00:00.000Z',
  '2023-01-01T24:00:00.000Z',
  '2023-01-01T00:60:00.000Z',
  '2023-01-01T00:00:60.000Z',
  '2023-01-01t00:00:00.000Z',
  '2023-01-01T00:00:00.000+',
  '2023-01-01T00:00:00Z',
])('%j is none', (text) => {
  expect(utcTimeMs(text)).toBeNaN();
});
