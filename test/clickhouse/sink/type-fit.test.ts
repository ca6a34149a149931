import { expect, test } from 'vitest';
import { takesType } from '../../../src/clickhouse/sink/type-fit.ts';

test.each([
  // [the table's, written, embedded, server]
  ['Int64', 'Int64', true, true],
  ['LowCardinality(String)', 'String', true, true],
  ['String', 'LowCardinality(String)', true, true],
  ['Array(LowCardinality(Nullable(String)))', 'Array(Nullable(String))', true, true],
  ["DateTime64(3, 'UTC')", 'DateTime64(3)', true, true],
  ["DateTime64(3, 'Asia/Tokyo')", "DateTime64(3, 'UTC')", true, true],
  ['Bool', 'UInt8', false, false],
  ['UInt8', 'Bool', true, true],
  ['Int128', 'Int64', true, false],
  ['UInt64', 'UInt32', true, false],
  ['Int64', 'UInt32', true, false],
  ['Decimal(38, 4)', 'Int64', true, false],
  ['String', 'UInt64', true, false],
  ['UUID', 'String', true, false],
  ['FixedString(3)', 'String', true, false],
  ["Enum8('credit' = 1, 'debit' = 2)", 'LowCardinality(String)', true, false],
  ['Nullable(Int64)', 'Int64', true, false],
  ['Int64', 'Nullable(Int64)', true, false],
  ['DateTime64(6)', 'DateTime64(3)', true, false],
  // A value would be another one, without a word.
  ['Int32', 'Int64', false, false],
  ['UInt64', 'Int64', false, false],
  ['Int64', 'UInt64', false, false],
  ['Float64', 'Int64', false, false],
  ['DateTime64(0)', 'DateTime64(3)', false, false],
  ['DateTime', 'DateTime64(3)', false, false],
  ['Date', 'Date32', false, false],
  ['Nullable(Int32)', 'Int64', false, false],
  ['Array(Int32)', 'Array(Int64)', false, false],
  ['Array(String)', 'String', false, false],
])('a column of %s takes %s: embedded %s, server %s', (column, written, embedded, server) => {
  expect(takesType(column, written, 'embedded')).toBe(embedded);
  expect(takesType(column, written, 'server')).toBe(server);
});
