import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadraceError } from '../../../src/errors.ts';
import { avroSerde } from '../../../src/serde/avro/avro-serde.ts';
import { incompatibilities, shownIncompatibility } from '../../../src/serde/avro/compatibility.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { registryOf, serdeFor } from './topics.ts';

type Fields = readonly Readonly<Record<string, unknown>>[];
const record = (...fields: Fields) => ({ type: 'record', name: 'R', fields });
const DIRECTION = { type: 'enum', name: 'Direction', symbols: ['credit', 'debit'] };
const AMOUNT = { type: 'long', logicalType: 'minor-units' };
const CURRENCY = { name: 'currency', type: { type: 'string', logicalType: 'iso-4217' } };
const FIELDS: Fields = [
  { name: 'id', type: { type: 'string', maxLength: 200 } },
  { name: 'direction', type: DIRECTION },
  { name: 'amount', type: AMOUNT },
  CURRENCY,
  { name: 'note', type: ['null', 'string'], default: null },
];
const withField = (name: string, change: Readonly<Record<string, unknown>>) =>
  FIELDS.map((field) => (field.name === name ? { ...field, ...change } : field));
const without = (name: string) => FIELDS.filter((field) => field.name !== name);
const told = (newer: Fields) =>
  incompatibilities(parseSchema(record(...FIELDS)), parseSchema(record(...newer))).map(shownIncompatibility);

describe('two versions of a schema', () => {
  it.each<readonly [string, Fields]>([
    ['the same', FIELDS],
    ['a new field with a default', [...FIELDS, { name: 'channel', type: ['null', 'string'], default: null }]],
    ['an optional field removed', without('note')],
    ['another order', [...FIELDS].reverse()],
    ['another text of doc', withField('id', { doc: 'x' })],
  ])('go together: %s', (_what, newer) => {
    expect(told(newer)).toEqual([]);
  });

  it.each<readonly [string, Fields, RegExp]>([
    [
      'a field without default removed',
      without('id'),
      /^id: the field is missing, and it has no default \(for readers/,
    ],
    [
      'a new field without default',
      [...FIELDS, { name: 'channel', type: 'string' }],
      /^channel: .*no default \(what was written before/,
    ],
    ['a type changed', withField('amount', { type: 'string' }), /^amount: long can't be read as string/],
    [
      'minor units that are none any more',
      withField('amount', { type: 'long' }),
      /^amount: minor-units can't be read as long/,
    ],
    ['a wider number', withField('id', { type: 'bytes' }), /^id: the text need|^id:/],
    [
      'a symbol renamed',
      withField('direction', { type: { ...DIRECTION, symbols: ['credit', 'out'] } }),
      /^direction: the symbol debit is not known/,
    ],
    [
      'a symbol added',
      withField('direction', { type: { ...DIRECTION, symbols: ['credit', 'debit', 'fee'] } }),
      /^direction: the symbol fee is not known.*for readers/,
    ],
    [
      'an optional field made required',
      withField('note', { type: 'string', default: '' }),
      /^note: null can't be read as string/,
    ],
    ['a field renamed', withField('id', { name: 'identifier' }), /^identifier: the field is missing/],
    [
      'a shorter text',
      withField('id', { type: { type: 'string', maxLength: 100 } }),
      /^id: the text may be longer than the 100/,
    ],
    [
      'another record',
      withField('direction', { type: { ...DIRECTION, name: 'Way' } }),
      /^direction: Direction is another type than Way/,
    ],
    [
      'a text that must be a currency',
      withField('note', { type: ['null', CURRENCY.type], default: null }),
      /^note: .*iso-4217/,
    ],
  ])('break: %s', (_what, newer, reason) => {
    const messages = told(newer);
    expect(messages.length).toBeGreaterThan(0);
    expect(
      messages.some((message) => reason.test(message)),
      messages.join('\n'),
    ).toBe(true);
  });

  /** Small schemas without what Headrace adds: there the specification alone decides, and avsc knows it too. */
  const plainType: fc.Arbitrary<unknown> = fc.letrec<{ type: unknown }>((tie) => ({
    type: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom('null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes'),
      fc.subarray(['a', 'b', 'c'], { minLength: 1 }).map((symbols) => ({ type: 'enum', name: 'E', symbols })),
      fc.constantFrom(2, 3).map((size) => ({ type: 'fixed', name: 'F', size })),
      tie('type').map((items) => ({ type: 'array', items })),
      tie('type').map((values) => ({ type: 'map', values })),
      fc.uniqueArray(fc.constantFrom('null', 'int', 'string', 'double', 'boolean'), { minLength: 1, maxLength: 3 }),
    ),
  })).type;
  const plainRecord = fc
    .uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c'), type: plainType, isOptional: fc.boolean() }), {
      maxLength: 3,
      selector: ({ name }) => name,
    })
    .map((fields) =>
      record(
        ...fields.map(({ name, type, isOptional }) =>
          isOptional ? { name, type: ['null', 'string'], default: null } : { name, type },
        ),
      ),
    );
  /** Named types may stand only once in a schema. */
  const isValid = (schema: unknown) => {
    try {
      avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'always' });
      parseSchema(schema);
      return true;
    } catch {
      return false;
    }
  };

  it('are judged as another implementation of Avro judges them', () => {
    let breaking = 0;
    fc.assert(
      fc.property(plainRecord.filter(isValid), plainRecord.filter(isValid), (older, newer) => {
        const [from, to] = [older, newer].map((schema) =>
          avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'always' }),
        );
        const canRead = (writer: avsc.Type, reader: avsc.Type) => {
          try {
            reader.createResolver(writer);
            return true;
          } catch {
            return false;
          }
        };
        const found = incompatibilities(parseSchema(older), parseSchema(newer));
        expect(found.some(({ direction }) => direction === 'backward')).toBe(!canRead(from!, to!));
        expect(found.some(({ direction }) => direction === 'forward')).toBe(!canRead(to!, from!));
        if (found.length > 0) breaking++;
      }),
      { numRuns: 2_000 },
    );
    expect(breaking).toBeGreaterThan(100);
  });
});

describe('a value of an older schema', () => {
  const older = record(...FIELDS);
  const value = { id: 'x', direction: 'credit', amount: '1.00', currency: 'EUR', note: 'n' };

  it('is read into the newer one: new fields take their defaults, removed ones are passed over', () => {
    const newer = record(
      { name: 'channel', type: 'string', default: 'none' },
      CURRENCY,
      { name: 'fee', type: AMOUNT, default: 250 },
      { name: 'amount', type: AMOUNT },
      { name: 'direction', type: DIRECTION },
      { name: 'name', aliases: ['id'], type: 'string' },
    );
    const read = serdeFor(newer, older).deserialize(serdeFor(older).serialize(value));
    expect(read).toEqual({
      channel: 'none',
      fee: '2.50',
      currency: 'EUR',
      amount: '1.00',
      direction: 'credit',
      name: 'x',
    });
  });

  it('is read where the writer may leave out what the reader needs, unless it did', () => {
    const loose = record(...withField('note', {}), { name: 'channel', type: ['null', 'string'] });
    const strict = record(...FIELDS, { name: 'channel', type: 'string' });
    const reader = avroSerde<unknown>(parseSchema(strict), 's', registryOf('s', loose, strict));
    const writer = serdeFor(loose);
    expect(reader.deserialize(writer.serialize({ ...value, channel: 'c' }))).toEqual({ ...value, channel: 'c' });
    expect(() => reader.deserialize(writer.serialize(value))).toThrow(/null can't be read as string/);
  });

  it('whose amount is not in minor units is not read as if it were', () => {
    const plain = record(...withField('amount', { type: 'long' }));
    const reader = serdeFor(older, plain);
    let code: string | undefined;
    try {
      reader.deserialize(serdeFor(plain).serialize({ ...value, amount: 1 }));
    } catch (error) {
      ({ code } = error as HeadraceError);
    }
    expect(code).toBe('SCHEMA_INCOMPATIBLE');
  });
});
