import { expect, test } from 'vitest';
import { parseSchema } from '../../../../src/serde/avro/parse-schema.ts';
import { haveSameLayout } from '../../../../src/serde/avro/scan/same-layout.ts';
import { ITEMS_MAX, scanLayout } from '../../../../src/serde/avro/scan/scan-layout.ts';

const record = (...fields: readonly (readonly [name: string, type: unknown])[]) => ({
  type: 'record',
  name: 'R',
  fields: fields.map(([name, type]) => ({ name, type })),
});
const AMOUNT = { type: 'long', logicalType: 'minor-units' };
const CURRENCY = ['currency', { type: 'string', logicalType: 'iso-4217' }] as const;

test('fields have slots by their paths; items of a list have as many each', () => {
  const items = { type: 'array', items: { ...record(CURRENCY, ['held', AMOUNT]), name: 'Item' } };
  const source = { ...record(['topic', 'string'], ['offset', 'long']), name: 'Source' };
  const layout = scanLayout(parseSchema(record(['id', 'string'], ['items', items], ['source', source])))!;
  const places = [...layout.slots].map(([path, { index, stride }]) => [path, index, stride]);
  expect(places).toEqual([
    ['id', 0, 0],
    ['items', 1, 2],
    ['items[].currency', 2, 0],
    ['items[].held', 3, 0],
    ['source.topic', 2 + 2 * ITEMS_MAX, 0],
    ['source.offset', 3 + 2 * ITEMS_MAX, 0],
  ]);
  expect(layout.slots.get('items[].held')).toMatchObject({ kind: 'minor units', currency: 2 });
});

const decimal = (annotations: object) => ({ type: 'bytes', logicalType: 'decimal', ...annotations });

test.each<readonly [what: string, fields: readonly (readonly [string, unknown])[]]>([
  ['a map', [['m', { type: 'map', values: 'long' }]]],
  ['a number with a point', [['d', 'double']]],
  ['bytes', [['b', 'bytes']]],
  ['a text with a form', [['t', { type: 'string', logicalType: 'rfc-3339' }]]],
  ['a list of texts', [['l', { type: 'array', items: 'string' }]]],
  ['an optional number', [['o', ['null', 'long']]]],
  ['an amount without a currency', [['a', AMOUNT]]],
  [
    'an amount whose currency is a text of any kind',
    [
      ['currency', 'string'],
      ['a', AMOUNT],
    ],
  ],
  ['an amount within a record without a currency', [CURRENCY, ['r', { ...record(['a', AMOUNT]), name: 'Inner' }]]],
  ['a currency behind a record', [['r', { ...record(['x', 'long']), name: 'Inner' }], CURRENCY, ['a', AMOUNT]]],
  ['a currency of another name', [['c', { type: 'string', logicalType: 'iso-4217' }]]],
  ['a currency shorter than they are', [['currency', { type: 'string', logicalType: 'iso-4217', maxLength: 2 }]]],
  ['a decimal with less room than a scan takes', [CURRENCY, ['d', decimal({ scale: 4, precision: 14 })]]],
  ['a decimal of more digits than there are', [CURRENCY, ['d', decimal({ scale: 4, precision: 39 })]]],
  ['a decimal with fewer decimals than a currency has', [CURRENCY, ['d', decimal({ scale: 3 })]]],
  ['a decimal with more decimals than there are digits', [CURRENCY, ['d', decimal({ scale: 39 })]]],
  ['a type that holds itself', [['next', { type: 'array', items: 'R' }]]],
])('%s can’t be scanned', (_what, fields) => {
  expect(scanLayout(parseSchema(record(...fields)))).toBeUndefined();
});

test('one layout is the other’s where names, kinds, order and scale are the same', () => {
  const same = (one: unknown, other: unknown) => haveSameLayout(parseSchema(one), parseSchema(other));
  const symbols = (...names: string[]) => ({ type: 'enum', name: 'E', symbols: names });
  const fixed = (size: number) => ({ type: 'fixed', name: 'F', size });
  const one = record(['a', 'string'], ['b', ['null', 'long']], ['c', { type: 'map', values: fixed(2) }]);
  expect(same(one, { ...one, doc: 'told otherwise' })).toBe(true);
  expect(same(one, record(['a', 'string'], ['b', ['null', 'long']]))).toBe(false);
  expect(same(one, record(['b', ['null', 'long']], ['a', 'string'], ['c', { type: 'map', values: fixed(2) }]))).toBe(
    false,
  );
  expect(same(one, record(['a', 'string'], ['b', ['long', 'null']], ['c', { type: 'map', values: fixed(2) }]))).toBe(
    false,
  );
  expect(same(one, record(['a', 'string'], ['b', ['null', 'long']], ['c', { type: 'map', values: fixed(3) }]))).toBe(
    false,
  );
  expect(same(record(['a', symbols('x', 'y')]), record(['a', symbols('y', 'x')]))).toBe(false);
  expect(same(record(['a', { type: 'array', items: 'int' }]), record(['a', { type: 'array', items: 'long' }]))).toBe(
    false,
  );
  expect(same(record(['a', decimal({ scale: 4 })]), record(['a', decimal({ scale: 4 })]))).toBe(true);
  expect(same(record(['a', decimal({ scale: 4 })]), record(['a', decimal({ scale: 2 })]))).toBe(false);
});

test('what the general reader refuses to read as the other has another layout, though its bytes are the same', () => {
  const same = (one: unknown, other: unknown) => haveSameLayout(parseSchema(one), parseSchema(other));
  const long = (logicalType?: string) => record(['a', { type: 'long', logicalType }]);
  expect(same(long(), long('minor-units'))).toBe(false);
  expect(same(long('timestamp-micros'), long('timestamp-millis'))).toBe(false);
  expect(same(long('timestamp-millis'), long('timestamp-millis'))).toBe(true);
  expect(same({ ...long(), name: 'Other' }, long())).toBe(false);
  expect(same({ ...long(), name: 'Other' }, { ...long(), aliases: ['Other'] })).toBe(true);
});

test('a renamed field is read from the one in its place only', () => {
  const same = (one: unknown, other: unknown) => haveSameLayout(parseSchema(one), parseSchema(other));
  const renamed = (name: string, ...aliases: string[]) => ({ name, type: 'long', aliases });
  const other = (...fields: unknown[]) => ({ type: 'record', name: 'R', fields });
  const written = record(['a', 'long'], ['b', 'long']);
  expect(same(written, other(renamed('a'), renamed('c', 'b')))).toBe(true);
  expect(same(written, other(renamed('a'), renamed('b', 'a')))).toBe(false);
  expect(same(written, other(renamed('b'), renamed('a')))).toBe(false);
});
