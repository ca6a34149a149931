import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadraceError } from '../../src/errors.ts';
import { jsonSerde } from '../../src/serde/json.ts';

const bytesOf = (text: string) => Buffer.from(text, 'utf8');
const unreadable = expect.objectContaining({ code: 'DESERIALIZATION_FAILED' });

describe('JSON', () => {
  const serde = jsonSerde<unknown>();

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const bytes = serde.serialize(value);
        expect(Buffer.from(bytes).toString()).toBe(JSON.stringify(value));
        // Compared as text, for JSON has no -0 either.
        expect(JSON.stringify(serde.deserialize(bytes))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each(['', ' ', '{', '{"a":1}x', "{'a':1}", '[1,]', 'NaN', '01', 'undefined', '\ufeff{}', '"\n"'])(
    'refuses %j',
    (text) => {
      expect(() => serde.deserialize(bytesOf(text))).toThrow(unreadable);
    },
  );

  it('refuses bytes that are not UTF-8, rather than read them with replacements', () => {
    expect(() => serde.deserialize(Uint8Array.from([0x22, 0xff, 0x22]))).toThrow(unreadable);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', { amount: 5n }],
    ['a cycle', cycle()],
  ])('refuses to write %s', (_what, value) => {
    expect(() => serde.serialize(value)).toThrow(expect.objectContaining({ code: 'SERIALIZATION_FAILED' }));
  });

  it('takes __proto__ and constructor for fields like any other', () => {
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
    const value = serde.deserialize(bytesOf(text)) as Record<string, unknown>;
    expect(Object.hasOwn(value, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Buffer.from(serde.serialize(value)).toString()).toBe(text);
  });

  it('gives what was parsed to the validation, and its refusal to the caller', () => {
    const counts = jsonSerde((parsed) => {
      if (typeof parsed !== 'number') throw new HeadraceError('DESERIALIZATION_FAILED', 'not a number');
      return { count: parsed };
    });
    expect(counts.deserialize(bytesOf('5'))).toEqual({ count: 5 });
    expect(() => counts.deserialize(bytesOf('"5"'))).toThrow('not a number');
  });
});

function cycle(): unknown {
  const itself: Record<string, unknown> = {};
  itself.self = itself;
  return itself;
}
