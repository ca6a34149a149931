import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMoney,
  compareMoney,
  formatMinorUnits,
  MINOR_UNITS_MAX,
  type Money,
  money,
  negateMoney,
  parseMinorUnits,
  subtractMoney,
} from '../../src/serde/money.ts';

describe('money', () => {
  const price = money('EUR', 12_34n);
  const yen = money('JPY', 12n);

  it('adds, subtracts, negates and compares within a currency', () => {
    expect(addMoney(price, money('EUR', 66n))).toEqual({ currency: 'EUR', minor: 1_300n });
    expect(subtractMoney(price, money('EUR', 13_00n))).toEqual({ currency: 'EUR', minor: -66n });
    expect(negateMoney(price)).toEqual({ currency: 'EUR', minor: -1_234n });
    expect([0n, 1_234n, 5_000n].map((minor) => compareMoney(price, money('EUR', minor)))).toEqual([1, 0, -1]);
  });

  // Each of these lines also fails the type check when it compiles without its comment.
  it('refuses two currencies, when it compiles and when it runs', () => {
    const failure = expect.objectContaining({ code: 'AMOUNT_INVALID' });
    // @ts-expect-error euro and yen do not add
    expect(() => addMoney(price, yen)).toThrow(failure);
    // @ts-expect-error nor subtract
    expect(() => subtractMoney(price, yen)).toThrow(failure);
    // @ts-expect-error nor compare
    expect(() => compareMoney(yen, price)).toThrow(failure);
  });

  it('is not a number, nor anything that was not checked', () => {
    const account = (balance: Money<'EUR'>) => balance.currency;
    expect(account(price)).toBe('EUR');
    // @ts-expect-error an object of the same shape may hold any currency and any amount
    account({ currency: 'EUR', minor: 5n });
    // @ts-expect-error another currency
    account(yen);
    // @ts-expect-error a bigint has no currency
    account(5n);
    const wrong = [
      // @ts-expect-error a number is no money to add
      () => addMoney(price, 5),
      // @ts-expect-error nor is it an amount of minor units
      () => money('EUR', 12.34),
      // @ts-expect-error money has no operators
      () => price + price,
      // @ts-expect-error money does not change
      () => price.minor++,
    ];
    expect(wrong).toHaveLength(4);
  });

  it('refuses what is no currency and what is more than 64 bits', () => {
    expect(() => money('EUX', 1n)).toThrow(expect.objectContaining({ code: 'CURRENCY_UNKNOWN' }));
    const outOfRange = expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE' });
    const most = money('EUR', MINOR_UNITS_MAX);
    const least = money('EUR', -MINOR_UNITS_MAX);
    expect(negateMoney(most)).toEqual(least);
    expect(() => money('EUR', MINOR_UNITS_MAX + 1n)).toThrow(outOfRange);
    expect(() => money('EUR', -MINOR_UNITS_MAX - 1n)).toThrow(outOfRange);
    expect(() => addMoney(most, money('EUR', 1n))).toThrow(outOfRange);
    expect(() => subtractMoney(least, money('EUR', 1n))).toThrow(outOfRange);
    expect(addMoney(most, least).minor).toBe(0n);
  });

  it('adds as bigints do, whatever the amounts', () => {
    const minor = fc.bigInt({ min: -MINOR_UNITS_MAX / 2n, max: MINOR_UNITS_MAX / 2n });
    fc.assert(
      fc.property(minor, minor, (left, right) => {
        const [a, b] = [money('CZK', left), money('CZK', right)];
        expect(addMoney(a, b).minor).toBe(left + right);
        expect(subtractMoney(addMoney(a, b), b)).toEqual(a);
        expect(Math.sign(Number(subtractMoney(a, b).minor))).toBe(compareMoney(a, b));
      }),
    );
  });
});

describe('amounts as text', () => {
  it.each<[string, number, ReturnType<typeof parseMinorUnits>]>([
    ['1100.00', 2, 110_000n],
    ['1100', 2, 110_000n],
    ['1100.0', 2, 110_000n],
    ['0.01', 2, 1n],
    ['-0.01', 2, -1n],
    ['-0', 2, 0n],
    ['100', 0, 100n],
    ['12345678901234.5678', 4, 123_456_789_012_345_678n],
    ['9223372036854775807', 0, MINOR_UNITS_MAX],
    ['-9223372036854775807', 0, -MINOR_UNITS_MAX],
    ['92233720368547758.07', 2, MINOR_UNITS_MAX],
    ['9223372036854775808', 0, 'range'],
    ['-9223372036854775808', 0, 'range'],
    ['92233720368547758.08', 2, 'range'],
    ['9223372036854775807', 2, 'range'],
    ['9'.repeat(1_000_000), 2, 'range'],
    ['1.005', 2, 'decimals'],
    ['1.000', 2, 'decimals'],
    ['100.00', 0, 'decimals'],
    ['100.0', 0, 'decimals'],
    ['1.23456', 4, 'decimals'],
    [`0.${'0'.repeat(1_000_000)}`, 2, 'decimals'],
    ['', 2, 'malformed'],
    ['-', 2, 'malformed'],
    ['.', 2, 'malformed'],
    ['.5', 2, 'malformed'],
    ['1.', 2, 'malformed'],
    ['+1', 2, 'malformed'],
    ['--1', 2, 'malformed'],
    [' 1', 2, 'malformed'],
    ['1 ', 2, 'malformed'],
    ['1\n', 2, 'malformed'],
    ['007', 2, 'malformed'],
    ['00', 2, 'malformed'],
    ['0'.repeat(1_000_000), 2, 'malformed'],
    ['1e3', 2, 'malformed'],
    ['1,000', 2, 'malformed'],
    ['1,5', 2, 'malformed'],
    ['1.2.3', 2, 'malformed'],
    ['1_000', 2, 'malformed'],
    ['0x10', 2, 'malformed'],
    ['10n', 2, 'malformed'],
    ['NaN', 2, 'malformed'],
    ['Infinity', 2, 'malformed'],
    ['١٢', 2, 'malformed'],
    ['−1', 2, 'malformed'],
    ['€5', 2, 'malformed'],
  ])('%.40s with %i decimals', (text, exponent, expected) => {
    expect(parseMinorUnits(text, exponent)).toBe(expected);
  });

  it.each<[bigint, number, string]>([
    [110_000n, 2, '1100.00'],
    [1n, 2, '0.01'],
    [-1n, 2, '-0.01'],
    [0n, 2, '0.00'],
    [0n, 0, '0'],
    [-100n, 0, '-100'],
    [5n, 3, '0.005'],
    [123_456_789_012_345_678n, 4, '12345678901234.5678'],
    [-MINOR_UNITS_MAX, 4, '-922337203685477.5807'],
  ])('%s minor units with %i decimals are written as %s', (minor, exponent, text) => {
    expect(formatMinorUnits(minor, exponent)).toBe(text);
  });

  const anyMinor = fc.bigInt({ min: -MINOR_UNITS_MAX, max: MINOR_UNITS_MAX });

  it('come back as they were written, to the last digit', () => {
    fc.assert(
      fc.property(anyMinor, fc.integer({ min: 0, max: 4 }), (minor, exponent) => {
        const text = formatMinorUnits(minor, exponent);
        expect(text).toMatch(exponent === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${exponent}}$`));
        expect(parseMinorUnits(text, exponent)).toBe(minor);
      }),
    );
  });

  it('mean the same with fewer zeros behind the point', () => {
    fc.assert(
      fc.property(anyMinor, fc.integer({ min: 1, max: 4 }), (minor, exponent) => {
        const short = formatMinorUnits(minor, exponent).replace(/\.?0+$/, '');
        fc.pre(short !== '' && short !== '-');
        expect(parseMinorUnits(short, exponent)).toBe(parseMinorUnits(formatMinorUnits(minor, exponent), exponent));
      }),
    );
  });

  it('never throw, and never mean anything but what the digits say', () => {
    const nearlyAmounts = fc.stringMatching(/^[-+0-9., eE]{0,24}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearlyAmounts), fc.integer({ min: 0, max: 4 }), (text, exponent) => {
        const minor = parseMinorUnits(text, exponent);
        if (typeof minor !== 'bigint') return;
        const [whole, decimals = ''] = text.replace('-', '').split('.');
        expect(minor < 0n ? -minor : minor).toBe(BigInt(whole + decimals + '0'.repeat(exponent - decimals.length)));
        expect(minor < 0n).toBe(text.startsWith('-') && minor !== 0n);
      }),
      { numRuns: 1_000 },
    );
  });
});
