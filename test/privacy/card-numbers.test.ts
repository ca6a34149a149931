import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { containsCardNumber, maskCardNumbers } from '../../src/privacy/card-numbers.ts';

/** Appends Luhn's check digit. */
function withCheckDigit(digits: string): string {
  let sum = 0;
  [...digits].reverse().forEach((digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return digits + String((10 - (sum % 10)) % 10);
}

const digitsOf = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((digits) => digits.join(''));
const cardNumber = fc
  .tuple(
    fc.constantFrom('4', '51', '2221', '2720', '34', '37', '36', '30', '6011', '65'),
    fc.integer({ min: 13, max: 19 }),
  )
  .chain(([issuer, length]) => digitsOf(length - issuer.length - 1).map((rest) => withCheckDigit(issuer + rest)));

describe('card numbers', () => {
  it.each([
    ['4111 1111 1111 1111', '**** **** **** 1111'],
    ['5500-0000-0000-0004', '****-****-****-0004'],
    ['378282246310005', '***********0005'],
    ['3782 822463 10005', '**** ****** *0005'],
    ['6011000990139424', '************9424'],
    ['4222222222222', '*********2222'],
    ['30569309025904', '**********5904'],
    ['2223003122003222', '************3222'],
    ['6304 0000 0000 0000 000', '**** **** **** ***0 000'],
    ['card4111111111111111.', 'card************1111.'],
    ['paid with 4111 1111 1111 1111 12/27', 'paid with **** **** **** 1111 12/27'],
    ['4111 1111 1111 1111 5500 0000 0000 0004', '**** **** **** 1111 **** **** **** 0004'],
    ['{"a":"4111111111111111","b":1}', '{"a":"************1111","b":1}'],
    ['4111\u00a01111\u00a01111\u00a01111', '****\u00a0****\u00a0****\u00a01111'],
  ])('masks %s', (text, masked) => {
    expect(maskCardNumbers(text)).toBe(masked);
    expect(containsCardNumber(text)).toBe(true);
  });

  it.each([
    ['a wrong check digit', '4111 1111 1111 1112'],
    ['12 digits', '411111111111'],
    ['20 digits', '41111111111111111111'],
    ['an issuer that there is none of', '1111111111111117'],
    ['below the range of 2', '2220000000000004'],
    ['a time in milliseconds', '1732342188000'],
    ['two spaces', '4111  1111  1111  1111'],
    ['an IBAN', 'BE55539007500029 DE89370400440532013000'],
    ['an amount', '12345678901234.5678'],
    ['prose', 'spinning: 1234, pinned=yes'],
  ])('leaves %s', (_what, text) => {
    expect(maskCardNumbers(text)).toBe(text);
    expect(containsCardNumber(text)).toBe(false);
  });

  it('masks what looks like an IBAN but for its check digits', () => {
    expect(maskCardNumbers('BE4111111111111111')).toBe('BE************1111');
    expect(containsCardNumber('55539007500029')).toBe(true);
  });

  it.each([
    ['%B4111111111111111^DOE/JANE^25121010000000000?', ''],
    [';4111111111111111=25121010000000000?', ''],
    [';5999999999999999=2512101?', ''],
    ['cvv: 123', 'cvv: '],
    ['CVV2=1234', 'CVV2='],
    ['{"cvc":"123"}', '{"cvc":"'],
    ['card_pin = 12345', 'card_pin = '],
    [String.raw`{\"pin\":\"1234\"}`, String.raw`{\"pin\":\"`],
  ])('masks the secret of %s', (text, start) => {
    const masked = maskCardNumbers(text);
    expect(masked).toHaveLength(text.length);
    expect(masked.startsWith(start)).toBe(true);
    expect(masked.slice(start.length)).not.toMatch(/\d/);
  });

  it('finds every card number in any text around it and keeps lengths, JSON and the last four digits', () => {
    const around = fc.string().map((text) => text.replace(/[\d \u00a0\u2009\u202f\u2010-\u2015-]/g, ''));
    fc.assert(
      fc.property(cardNumber, around, around, (number, before, after) => {
        // An IBAN's letters before it are the one reason to leave a number alone.
        const text = JSON.stringify(`${before}:${number}x${after}`);
        const masked = maskCardNumbers(text);
        expect(masked).toHaveLength(text.length);
        expect(JSON.parse(masked)).toContain(`:${'*'.repeat(number.length - 4)}${number.slice(-4)}x`);
        expect(containsCardNumber(masked)).toBe(false);
      }),
    );
  });

  it('changes nothing but digits, and nothing twice', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\d -]{0,60}$/), (text) => {
        const masked = maskCardNumbers(text);
        expect(masked).toHaveLength(text.length);
        [...masked].forEach((character, i) => {
          if (character !== '*') expect(character).toBe(text[i]);
        });
        expect(maskCardNumbers(masked)).toBe(masked);
      }),
    );
  });

  it('leaves a number whose check digit is off by any amount', () => {
    fc.assert(
      fc.property(cardNumber, fc.integer({ min: 1, max: 9 }), (number, by) => {
        const wrong = number.slice(0, -1) + String((Number(number.at(-1)) + by) % 10);
        expect(containsCardNumber(wrong)).toBe(false);
      }),
    );
  });

  it('takes long runs of digits in its stride', () => {
    const startMs = performance.now();
    expect(containsCardNumber('1'.repeat(2_000_000))).toBe(false);
    maskCardNumbers('4 '.repeat(300_000));
    maskCardNumbers(`pin${' '.repeat(500_000)}`);
    maskCardNumbers(';4111111111111111'.repeat(20_000));
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
