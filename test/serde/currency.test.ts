import { describe, expect, it } from 'vitest';
import { currencyExponent } from '../../src/serde/currency.ts';

describe('currencies', () => {
  it.each([
    ['EUR', 2],
    ['CZK', 2],
    ['JPY', 0],
    ['ISK', 0],
    ['UYI', 0],
    ['BHD', 3],
    ['TND', 3],
    ['CLF', 4],
    ['UYW', 4],
    ['MGA', 2],
    ['XCG', 2],
    ['ZWG', 2],
  ])('%s has %i decimals', (code, exponent) => {
    expect(currencyExponent(code)).toBe(exponent);
  });

  it.each([
    ['without a minor unit', ['XAU', 'XAG', 'XDR', 'XTS', 'XXX']],
    ['of the past', ['DEM', 'HRK', 'BGN', 'ANG', 'ZWL', 'VEF', 'CUC', 'MRO', 'STD', 'BYR', 'SLL']],
    ['that never were', ['', 'EU', 'EUX', 'EURO', 'eur', ' EUR', 'EUR\0']],
    ["of Object's own", ['__proto__', 'constructor', 'toString', 'hasOwnProperty']],
  ])('knows no codes %s', (_what, codes) => {
    expect(codes.filter((code) => currencyExponent(code) !== undefined)).toEqual([]);
  });

  it('are the 165 of List One that have a minor unit', () => {
    const exponents: number[] = [];
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    for (const first of letters) {
      for (const second of letters) {
        for (const third of letters) exponents.push(currencyExponent(first + second + third) ?? -1);
      }
    }
    const count = (exponent: number) => exponents.filter((each) => each === exponent).length;
    expect([0, 2, 3, 4].map(count)).toEqual([17, 139, 7, 2]);
    expect(count(-1)).toBe(26 ** 3 - 165);
  });
});
