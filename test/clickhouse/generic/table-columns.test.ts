import { expect, it } from 'vitest';
import type { GenericSinkDefinition } from '../../../src/clickhouse/generic/generic-sink-definition.ts';
import { genericTable } from '../../../src/clickhouse/generic/generic-table.ts';
import { tableColumns } from '../../../src/clickhouse/generic/table-columns.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { PAYMENT } from './payment-schema.ts';

const definition = (change: Partial<GenericSinkDefinition> = {}): GenericSinkDefinition => {
  return { topic: 'payments', table: 'payments', schema: 'payment.avsc', ...change };
};
const record = (...fields: readonly unknown[]) => parseSchema({ type: 'record', name: 'R', fields });
const columnsOf = (schema: ReturnType<typeof record>, change: Partial<GenericSinkDefinition> = {}) =>
  tableColumns(schema, definition(change)).map(({ name, type, codec, note }) =>
    [name, type, codec, note].filter((each) => each !== undefined && each !== '').join(' | '),
  );

it('every kind of field has a column, and every row its place in the log', () => {
  expect(columnsOf(parseSchema(PAYMENT))).toEqual([
    'paymentId | UUID | ZSTD(1)',
    'sequence | Int64 | ZSTD(1)',
    'count | Int32 | ZSTD(1)',
    'amount | Decimal(38, 4) | ZSTD(1)',
    'fee | Nullable(Decimal(18, 2)) | ZSTD(1)',
    'currency | LowCardinality(String)',
    'isFinal | Bool | ZSTD(1)',
    'rate | Float64 | ZSTD(1)',
    'score | Nullable(Float32) | ZSTD(1)',
    'state | LowCardinality(String)',
    'reason | LowCardinality(Nullable(String))',
    'bookedOn | Date32 | Delta, ZSTD(1)',
    "at | DateTime64(3, 'UTC') | Delta, ZSTD(1)",
    "exactAt | Nullable(DateTime64(6, 'UTC')) | Delta, ZSTD(1)",
    'raw | String | ZSTD(1)',
    'digest | FixedString(4) | ZSTD(1)',
    'tags | Array(Nullable(String)) | ZSTD(1) | null becomes empty',
    'counts | Map(String, Nullable(Int32)) | ZSTD(1)',
    'payer_name | String | ZSTD(1)',
    'payer_address_city | Nullable(String) | ZSTD(1)',
    'payer_address_lines | Array(String) | ZSTD(1) | null becomes empty',
    'legs | Array(Tuple(`account` String, `amount` Decimal(9, 2), `state` Nullable(String), `day` Nullable(Date32))) | ZSTD(1)',
    '_topic | LowCardinality(String)',
    '_partition | UInt32 | ZSTD(1)',
    '_offset | UInt64 | Delta, ZSTD(1)',
    "_timestamp | DateTime64(3, 'UTC') | Delta, ZSTD(1)",
  ]);
});

it('names, types and codecs are changed by the path of the field', () => {
  const columns = {
    paymentId: { name: 'payment_id' },
    count: { type: 'UInt16' },
    state: { type: 'Enum8' },
    reason: { type: 'Enum16' },
    'payer.name': { name: 'payer', type: 'LowCardinality(String)', codec: 'ZSTD(3)' },
  };
  expect(columnsOf(parseSchema(PAYMENT), { columns })).toEqual(
    expect.arrayContaining([
      'payment_id | UUID | ZSTD(1)',
      'count | UInt16 | ZSTD(1)',
      "state | Enum8('NEW' = 1, 'DONE' = 2)",
      "reason | Nullable(Enum16('NEW' = 1, 'DONE' = 2))",
      'payer | LowCardinality(String) | ZSTD(3)',
    ]),
  );
});

it('a symbol that JSON writes with hyphens is written so', () => {
  const kinds = { type: 'enum', name: 'E', symbols: ['re_debit', 'orphan'], logicalType: 'kebab-case' };
  const columns = { a: { type: 'Enum8' } };
  expect(columnsOf(record({ name: 'a', type: kinds }), { columns })[0]).toBe("a | Enum8('re-debit' = 1, 'orphan' = 2)");
});

const inner = (name: string, ...fields: readonly unknown[]) => ({ type: 'record', name, fields });
it.each<[string, readonly unknown[], Partial<GenericSinkDefinition>, RegExp]>([
  ['a union of two', [{ name: 'a', type: ['int', 'string'] }], {}, /The field a is a union of int, string/],
  [
    'a union of two within',
    [{ name: 'a', type: inner('I', { name: 'b', type: { type: 'map', values: ['null', 'int', 'string'] } }) }],
    {},
    /The field a\.b\[\] is a union/,
  ],
  ['a null alone', [{ name: 'a', type: 'null' }], {}, /The field a is null/],
  [
    'a type that holds itself',
    [{ name: 'a', type: inner('N', { name: 'next', type: ['null', 'N'] }) }],
    {},
    /a\.next holds the record N within itself/,
  ],
  [
    'one within a list',
    [{ name: 'a', type: { type: 'array', items: inner('N', { name: 'kids', type: { type: 'array', items: 'N' } }) } }],
    {},
    /a\[\]\.kids\[\] holds the record N within itself/,
  ],
  [
    'a record in a list that may be null',
    [{ name: 'a', type: { type: 'array', items: ['null', inner('I', { name: 'x', type: 'int' })] } }],
    {},
    /a\[\] is a record that may be null/,
  ],
  [
    'a decimal without precision',
    [{ name: 'a', type: { type: 'bytes', logicalType: 'decimal' } }],
    {},
    /a is a decimal without precision/,
  ],
  [
    'a decimal of 77 digits',
    [{ name: 'a', type: { type: 'bytes', logicalType: 'decimal', precision: 77 } }],
    {},
    /77 digits/,
  ],
  [
    'two fields of one name',
    [
      { name: 'a_b', type: 'int' },
      { name: 'a', type: inner('I', { name: 'b', type: 'int' }) },
    ],
    {},
    /a\.b would be the column a_b, as a_b is/,
  ],
  ['a name that begins with _', [{ name: '_offset', type: 'int' }], {}, /give it one under columns/],
  [
    'an unknown field under columns',
    [{ name: 'a', type: 'int' }],
    { columns: { b: {} } },
    /columns names b, which is no field/,
  ],
  [
    'a type that holds other values',
    [{ name: 'a', type: 'int' }],
    { columns: { a: { type: 'String' } } },
    /can't be of the type String; it can be Int32, Int8/,
  ],
  [
    'a codec that is more',
    [{ name: 'a', type: 'int' }],
    { columns: { a: { codec: 'ZSTD(1)) TTL now(' } } },
    /no usable codec/,
  ],
  [
    'a name that is none',
    [{ name: 'a', type: 'int' }],
    { columns: { a: { name: 'a` Int8, b' } } },
    /letters, digits and underscores/,
  ],
])('%s is refused with its path', (_name, fields, change, message) => {
  expect(() => tableColumns(record(...fields), definition(change))).toThrow(
    expect.objectContaining({ code: 'SINK_TABLE_INVALID', message: expect.stringMatching(message) }),
  );
});

const schema = record(
  { name: 'id', type: 'string' },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'maybe', type: ['null', 'string'] },
  { name: 'real', type: 'double' },
  { name: 'seq', type: 'long' },
);
it.each<[Partial<GenericSinkDefinition>, unknown]>([
  [{}, { orderBy: ['_partition', '_offset'], partitionBy: '_timestamp', version: undefined }],
  [{ partitionBy: 'at' }, { orderBy: ['_partition', '_offset'], partitionBy: 'at' }],
  [
    { orderBy: ['id'], partitionBy: false },
    { orderBy: ['id', '_partition', '_offset'], partitionBy: undefined },
  ],
  [{ key: ['id'] }, { orderBy: ['id'], partitionBy: undefined, version: '_offset' }],
  [
    { key: ['id'], version: 'seq', partitionBy: 'at' },
    { orderBy: ['id'], partitionBy: 'at', version: 'seq' },
  ],
])('%j makes %j', (change, expected) => {
  expect(genericTable(definition(change), schema, new Set())).toMatchObject(expected as object);
});

it.each<[Partial<GenericSinkDefinition>, RegExp]>([
  [{ table: 'transactions' }, /headrace\.transactions is a table of Headrace's own/],
  [{ table: 'Postings' }, /headrace\.Postings_rows is a table of Headrace's own/],
  [{ table: 'x; DROP' }, /is no name of a table/],
  [{ table: 'x_rows' }, /leave the ending away/],
  [{ version: 'seq' }, /version goes with key/],
  [{ key: ['id'], version: 'maybe' }, /never null/],
  [{ key: ['id'], version: 'real' }, /a whole number, a date or a time/],
  [{ key: [] }, /key is empty/],
  [{ key: ['maybe'] }, /neither null nor a list/],
  [{ key: ['real'] }, /neither null nor a list/],
  [{ key: ['id', 'id'] }, /a field twice/],
  [{ key: ['nothing'] }, /key names nothing, which has no column; there are id, at, maybe, real, seq, _topic/],
  [{ key: ['id'], orderBy: ['at'] }, /orderBy goes without key/],
  [{ partitionBy: 'id' }, /must be a date or a time/],
])('%j is refused, with the topic and the table', (change, message) => {
  const taken = new Set(['transactions', 'postings_rows']);
  const table = change.table ?? 'payments';
  expect(() => genericTable(definition(change), schema, taken)).toThrow(
    expect.objectContaining({
      code: 'SINK_TABLE_INVALID',
      message: expect.stringMatching(message),
      where: { topic: 'payments' },
    }),
  );
  expect(() => genericTable(definition(change), schema, taken)).toThrow(`The sink of topic payments into ${table}: `);
});
