import { expect, it } from 'vitest';
import { bytesOf } from '../../../src/app/user-topology/serde-values.ts';
import { countSerde } from '../../../src/serde/count.ts';
import { jsonSerde } from '../../../src/serde/json.ts';
import { bytesSerde, int64Serde, stringSerde } from '../../../src/serde/primitives.ts';
import type { Serde } from '../../../src/serde/serde.ts';

const positive = jsonSerde<{ readonly cents: bigint }>((parsed) => {
  const { cents } = parsed as { readonly cents: string };
  if (!/^\d+$/.test(cents)) throw new RangeError(`${cents} is no amount`);
  return { cents: BigInt(cents) };
});
/** As a user writes one: no name, and values that JSON does not have. */
const dates: Serde<Date> = {
  serialize: (date) => stringSerde.serialize(date.toISOString()),
  deserialize: (bytes) => new Date(stringSerde.deserialize(bytes)),
};

it.each<[string, Serde<never>, unknown, unknown]>([
  ['text', stringSerde as never, '5', '5'],
  ['a whole number of 64 bits', int64Serde as never, 5, 5n],
  ['one beyond what JSON numbers hold, as text', int64Serde as never, '9223372036854775807', 9223372036854775807n],
  ['a count', countSerde as never, 5, 5],
  ['a count as text', countSerde as never, '5', 5],
  ['JSON of any kind', jsonSerde() as never, [1, { a: null }], [1, { a: null }]],
  ['JSON text as JSON', jsonSerde() as never, 'a', 'a'],
  ['what a validating serde makes something else of', positive as never, { cents: '7' }, { cents: 7n }],
  ['bytes as text', bytesSerde as never, 'ab', new Uint8Array([97, 98])],
  ['bytes as base64', bytesSerde as never, { base64: 'AAE=' }, new Uint8Array([0, 1])],
])('takes %s', (_what, serde, value, read) => {
  expect(serde.deserialize(bytesOf(serde, value))).toEqual(read);
});

it.each<[string, Serde<never>, unknown, RegExp]>([
  ['a number as text', stringSerde as never, 5, /serde \(string\) refuses it: it is a number, which it does not take/],
  ['an object as text', stringSerde as never, { a: 1 }, /\(string\) refuses it/],
  ['half of a surrogate pair', stringSerde as never, '\ud800', /surrogate/],
  ['a fraction as a whole number', int64Serde as never, 1.5, /\(int64\) refuses it/],
  ['a number whose digits JSON has lost', int64Serde as never, 2 ** 60, /\(int64\) refuses it/],
  ['more than 64 bits', int64Serde as never, '9223372036854775808', /beyond 64 bits/],
  ['what a validating serde refuses', positive as never, { cents: '-1' }, /-1 is no amount/],
  ['what a serde without a name fails on', dates as never, '2026-01-01', /its serde refuses it: .*toISOString/],
])('refuses %s', (_what, serde, value, message) => {
  expect(() => bytesOf(serde, value)).toThrow(message);
});
