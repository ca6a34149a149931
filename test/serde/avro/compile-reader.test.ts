import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadraceError } from '../../../src/errors.ts';
import { ByteReader } from '../../../src/serde/avro/byte-reader.ts';
import { incompatibilities } from '../../../src/serde/avro/compatibility.ts';
import { compileReader } from '../../../src/serde/avro/compile-reader.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { valueSubject } from '../../../src/serde/avro/schema-registry.ts';
import { registry, serdeOf, topics } from './topics.ts';

const some: fc.Arbitrary<unknown> = fc.letrec<{ type: unknown }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom('boolean', 'int', 'long', 'float', 'double', 'string'),
    fc
      .subarray(['a', 'b', 'c'], { minLength: 1 })
      .map((symbols) => ({ type: 'enum', name: 'E', symbols, default: symbols[0] })),
    tie('type').map((items) => ({ type: 'array', items })),
    tie('type').map((values) => ({ type: 'map', values })),
    fc.constantFrom('int', 'string', 'boolean').map((type) => ['null', type]),
  ),
})).type;

const DEFAULTS: Readonly<Record<string, unknown>> = { boolean: true, int: 7, long: 8, double: 0.5, string: 'd' };

const record = fc
  .uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), type: some }), {
    maxLength: 4,
    selector: ({ name }) => name,
  })
  .map((fields) => ({
    type: 'record',
    name: 'R',
    fields: fields.map(({ name, type }) => {
      const value = Array.isArray(type) ? null : DEFAULTS[type as string];
      return value === undefined ? { name, type } : { name, type, default: value };
    }),
  }));

/** An enum may be defined only once in a schema. */
const isValid = (schema: unknown) => JSON.stringify(schema).split('"enum"').length <= 2;

/** What is null is absent in the JSON shape, at any depth. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNulls(inner)]));
}

describe('what was written with another schema', () => {
  it('is read as another implementation of Avro reads it', () => {
    let read = 0;
    fc.assert(
      fc.property(record.filter(isValid), record.filter(isValid), (older, newer) => {
        const [writer, reader] = [older, newer].map((schema) => avsc.Type.forSchema(schema as avsc.Schema));
        const breaks = incompatibilities(parseSchema(older), parseSchema(newer));
        fc.pre(breaks.every(({ direction }) => direction === 'forward'));
        const bytes = writer!.toBuffer(writer!.random());
        const expected: unknown = reader!.fromBuffer(bytes, reader!.createResolver(writer!));
        const actual = compileReader(parseSchema(older), parseSchema(newer))(new ByteReader(bytes, 0));
        expect(withoutNulls(actual)).toEqual(withoutNulls(JSON.parse(JSON.stringify(expected))));
        read++;
      }),
      { numRuns: 500 },
    );
    expect(read).toBe(500);
  });
});

describe.each(topics)('any bytes as a value of %s', (topic) => {
  const serde = serdeOf(topic);
  const frame = [0, 0, 0, 0, registry.idOf(valueSubject(topic))];

  it('are a value or are refused, at once and with the one code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          // What is read is a value of the schema: it can be written again.
          const value = serde.deserialize(new Uint8Array([...frame, ...bytes]));
          expect(serde.deserialize(serde.serialize(value))).toEqual(value);
        } catch (error) {
          expect((error as HeadraceError).code).toBe('DESERIALIZATION_FAILED');
        }
      }),
      { numRuns: 300 },
    );
  });
});
