import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX, type JsonRefusalCode, parseStrictJson } from '../../../../src/app/http/api/strict-json.ts';

const codeOf = (input: string | Buffer): JsonRefusalCode | 'accepted' => {
  const parsed = parseStrictJson(Buffer.from(input as string));
  return 'refusal' in parsed ? parsed.refusal.code : 'accepted';
};
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('strict JSON', () => {
  it('reads what JSON.stringify writes, as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), fc.nat(3), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        const expected: unknown = JSON.parse(text);
        const parsed = parseStrictJson(Buffer.from(text));
        // Half of a surrogate pair and what looks like a card number are refused, whatever else is right.
        if ('refusal' in parsed) expect(['JSON_LONE_SURROGATE', 'CARD_NUMBER']).toContain(parsed.refusal.code);
        else expect(parsed.value).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('accepts nothing that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '"a"',
      ':',
      ',',
      '1',
      '-',
      '1e5',
      '\\',
      'null',
      ' ',
      '\\u12',
      '.',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (!isJson) expect(codeOf(text)).not.toBe('accepted');
      }),
      { numRuns: 3_000 },
    );
  });

  it.each<[string, string | Buffer, JsonRefusalCode | 'accepted']>([
    ['a name twice', '{"a":1,"a":2}', 'JSON_DUPLICATE_KEY'],
    ['a name twice, once escaped', '{"amount":1,"\\u0061mount":2}', 'JSON_DUPLICATE_KEY'],
    ['a name twice with the names of an inner object between', '{"a":{"b":1},"a":2}', 'JSON_DUPLICATE_KEY'],
    ['a name twice within an array', '[{"a":1},{"b":1,"b":2}]', 'JSON_DUPLICATE_KEY'],
    ['a name twice with space before the colon', '{"a" \n:1,"a"\t:2}', 'JSON_DUPLICATE_KEY'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'JSON_DUPLICATE_KEY'],
    ['the same name in two objects', '[{"a":1},{"a":2}]', 'accepted'],
    ['a name as a value', '{"a":"b","b":"a"}', 'accepted'],
    ['an inner object with the name of the outer', '{"a":{"a":{"a":1}}}', 'accepted'],
    ['the first half of a pair', '{"a":"\\ud800"}', 'JSON_LONE_SURROGATE'],
    ['the second half of a pair', '["\\uDC00x"]', 'JSON_LONE_SURROGATE'],
    ['half of a pair in a name', '{"\\ud800":1}', 'JSON_LONE_SURROGATE'],
    ['a whole pair', '"\\ud83d\\ude00"', 'accepted'],
    ['a backslash before the closing quote', '["a\\\\","b"]', 'accepted'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'JSON_NOT_UTF8'],
    ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'JSON_NOT_UTF8'],
    ['a byte order mark', '\ufeff{}', 'JSON_INVALID'],
    ['nothing', '', 'JSON_INVALID'],
    ['two values', '{} {}', 'JSON_INVALID'],
    ['a comment', '{} // no', 'JSON_INVALID'],
    ['NaN', '[NaN]', 'JSON_INVALID'],
    ['a number beyond a double', '[1e400]', 'JSON_NUMBER_UNREADABLE'],
    ['a number that loses digits', '[9007199254740993]', 'accepted'],
    ['a card number that a double would round', '[4111111111111111110006]', 'accepted'],
    ['a card number of 19 digits', '[4000000000000000006]', 'CARD_NUMBER'],
    ['the deepest', nested(JSON_DEPTH_MAX), 'accepted'],
    ['one deeper', nested(JSON_DEPTH_MAX + 1), 'JSON_TOO_DEEP'],
    ['10,000 levels of arrays', nested(10_000), 'JSON_TOO_DEEP'],
    ['10,000 levels of objects', '{"a":'.repeat(10_000), 'JSON_TOO_DEEP'],
    ['more closed than open', ']', 'JSON_INVALID'],
    ['a text that never ends', '["abc', 'JSON_INVALID'],
  ])('%s', (_what, input, code) => expect(codeOf(input)).toBe(code));

  it('takes time that grows with the body, whatever the body is', () => {
    const bodies = [
      `[${'"a",'.repeat(250_000)}"a"]`,
      `["${'\\"'.repeat(500_000)}"]`,
      `["${'\\\\'.repeat(500_000)}"]`,
      `{${Array.from({ length: 80_000 }, (_, i) => `"k${i}":1`).join()}}`,
      '"'.repeat(1_000_000),
    ];
    for (const body of bodies) {
      const startedAt = performance.now();
      parseStrictJson(Buffer.from(body));
      // A quadratic scan of a megabyte takes minutes.
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    }
  });

  it('never shows a piece of the body', () => {
    for (const body of ['{"secret":}', '{"secret":1,"secret":2}', '["secret\\ud800"]', 'secret']) {
      expect(JSON.stringify(parseStrictJson(Buffer.from(body)))).not.toContain('secret');
    }
  });
});
