import { expect, test } from 'vitest';
import { HeadraceError } from '../../../../src/errors.ts';
import type { Headers } from '../../../../src/log/record.ts';
import { parseSchema } from '../../../../src/serde/avro/parse-schema.ts';
import { ValueScanner } from '../../../../src/serde/avro/scan/value-scanner.ts';
import { batchesOf } from '../../../clickhouse/record-batches.ts';
import { serdeFor } from '../topics.ts';

const schema = (...names: readonly string[]) => ({
  type: 'record',
  name: 'Order',
  fields: names.map((name) => ({ name, type: name === 'number' ? 'long' : 'string' })),
});
const OURS = schema('id', 'number');
const FRAMED = Buffer.from(serdeFor(OURS).serialize({ id: 'o-1', number: 300 }));

function scannerFor(writerSchema: () => ReturnType<typeof parseSchema>, isConsistent = true) {
  return ValueScanner.of({ schema: parseSchema(OURS), registry: { writerSchema }, check: () => () => isConsistent })!;
}
const takes = (scanner: ValueScanner, value: Uint8Array | null, headers: Headers = []) =>
  scanner.scan(batchesOf('orders', 0, 0, [{ value, headers }])[0]!, 0);

test('a value of the topic’s schema is found in its batch', () => {
  const scanner = scannerFor(() => parseSchema(OURS));
  const [batch] = batchesOf('orders', 0, 0, [{ value: null }, { value: FRAMED }]);
  expect([scanner.scan(batch!, 0), scanner.scan(batch!, 1)]).toEqual([false, true]);
  const { bytes, starts, ends, numbers } = scanner.found;
  expect([Buffer.from(bytes.subarray(starts[0]!, ends[0]!)).toString(), numbers[1]]).toEqual(['o-1', 300]);
});

test('another schema’s value, one that contradicts itself and one that ends too soon or too late are left to others', () => {
  expect(
    takes(
      scannerFor(() => parseSchema(schema('id', 'name'))),
      FRAMED,
    ),
  ).toBe(false);
  expect(
    takes(
      scannerFor(() => parseSchema(OURS), false),
      FRAMED,
    ),
  ).toBe(false);
  const scanner = scannerFor(() => parseSchema(OURS));
  expect(takes(scanner, FRAMED.subarray(0, -1))).toBe(false);
  expect(takes(scanner, Buffer.concat([FRAMED, Buffer.alloc(1)]))).toBe(false);
  expect(takes(scanner, FRAMED)).toBe(true);
});

test('a schema is asked for again until it is known, and then no more', () => {
  let asked = 0;
  const scanner = scannerFor(() => {
    if (++asked < 3) throw new HeadraceError('SCHEMA_UNAVAILABLE', 'not yet', { retriable: true });
    return parseSchema(OURS);
  });
  expect([1, 2, 3, 4, 5].map(() => takes(scanner, FRAMED))).toEqual([false, false, true, true, true]);
  expect(asked).toBe(3);
});

test('a header names the schema; one that is damaged names none', () => {
  const scanner = scannerFor(() => parseSchema(OURS));
  const guid = Buffer.concat([Buffer.from([1]), Buffer.alloc(16, 7)]);
  expect(takes(scanner, FRAMED.subarray(5), [['__value_schema_id', guid]])).toBe(true);
  expect(takes(scanner, FRAMED.subarray(5), [['__value_schema_id', guid.subarray(1)]])).toBe(false);
  expect(takes(scanner, FRAMED, [['trace', null]])).toBe(true);
  expect(takes(scanner, null, [['trace', null]])).toBe(false);
});
