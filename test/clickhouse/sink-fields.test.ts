import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minorField } from '../../src/clickhouse/sink-fields.ts';
import { formatMinorUnits } from '../../src/serde/money.ts';

test('every amount of up to 33 digits is read to its last digit, short or long, in every number of decimals', () => {
  const limit = 10n ** 33n - 1n;
  const short = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n });
  fc.assert(
    fc.property(fc.oneof(short, fc.bigInt({ min: -limit, max: limit })), fc.nat(4), (minor, exponent) => {
      expect(minorField({ amount: formatMinorUnits(minor, exponent) }, 'amount', exponent)).toBe(minor);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ['1.0', 2],
  ['1', 2],
  ['1.000', 2],
  ['.00', 2],
  ['-.00', 2],
  ['-', 0],
  ['', 0],
  ['1,00', 2],
  ['1.0o', 2],
  ['1e3', 0],
  ['+1.00', 2],
  ['--1.00', 2],
  [' 1.00', 2],
  ['1.2.34', 2],
  ['1'.repeat(40), 0],
])('%j is no amount with %d decimals', (amount, exponent) => {
  expect(() => minorField({ amount }, 'amount', exponent)).toThrow(
    expect.objectContaining({ code: 'SINK_ROW_REFUSED' }),
  );
});
