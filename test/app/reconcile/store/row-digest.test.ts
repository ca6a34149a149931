import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Catalog } from '../../../../src/app/reconcile/store/catalog.ts';
import { idNumber } from '../../../../src/app/reconcile/store/name-rows.ts';
import { RowDigest } from '../../../../src/app/reconcile/store/row-digest.ts';
import { digestedRows } from '../../../../src/app/reconcile/store/sql.ts';
import { isShape, shapeOf, type TableShape } from '../../../../src/app/reconcile/store/table-shape.ts';
import { sinkTables } from '../../../../src/app/sink-tables.ts';
import { type CellValue, readRows } from '../../../../src/clickhouse/clickhouse.ts';
import { RowBinaryEncoder } from '../../../../src/clickhouse/row-binary/encoder.ts';
import type { Store } from '../../../../src/clickhouse/store.ts';
import { withStore } from '../../../clickhouse/temporary-store.ts';

const bytes = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
const moment = fc.oneof(
  fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2299, 11, 31) }),
  fc.integer({ min: -3, max: 3 }).map((ms) => Date.UTC(2024, 2, 1) + ms),
);
const VALUES: Readonly<Record<string, fc.Arbitrary<CellValue>>> = {
  String: bytes,
  'LowCardinality(String)': fc.string({ maxLength: 5 }),
  Bool: fc.boolean(),
  UInt8: fc.integer({ min: 0, max: 255 }),
  UInt16: fc.integer({ min: 0, max: 65_535 }),
  UInt32: fc.integer({ min: 0, max: 4_294_967_295 }),
  Int32: fc.integer(),
  UInt64: fc.oneof(fc.bigInt(0n, 2n ** 63n - 1n), fc.maxSafeNat()),
  Int64: fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.maxSafeInteger()),
  Int128: fc.bigInt(-(2n ** 127n), 2n ** 127n - 1n),
  "DateTime64(3, 'UTC')": fc.oneof(
    moment,
    moment.map((ms) => new Date(ms).toISOString()),
  ),
  Date32: moment.map((ms) => new Date(ms).toISOString().slice(0, 10)),
  'Nullable(String)': fc.option(bytes),
  'Nullable(Int64)': fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  'Array(String)': fc.array(bytes, { maxLength: 200 }),
  'Array(Nullable(String))': fc.array(fc.option(bytes), { maxLength: 5 }),
};

interface Line {
  readonly id: string;
  readonly row: string;
  readonly bucket: string;
  readonly version: string;
  readonly amount: string;
}

/** Inserts rows with distinct keys, and compares what both sides make of each. */
async function bothAgree(store: Store, shape: TableShape, rows: readonly (readonly CellValue[])[], size: number) {
  const { clickhouse } = store;
  const encoder = new RowBinaryEncoder(shape.columns);
  const digest = new RowDigest(shape, size);
  const ours = rows.map((cells) => {
    encoder.append(cells);
    digest.of(cells);
    const { bucket, version, amount } = digest;
    return {
      id: String(idNumber(digest.id)),
      row: String(idNumber(digest.row)),
      bucket,
      version: String(version),
      amount: String(amount),
    };
  });
  await clickhouse.insert(shape.table, shape.columns, encoder.pieces(), { token: 'all', queryId: 'all' });
  const theirs = await readRows<Line>(
    clickhouse,
    `SELECT toString(digest_id) AS id, toString(digest_row) AS row, digest_bucket AS bucket, toString(digest_version) AS version, toString(digest_amount) AS amount FROM (${digestedRows(shape, `SELECT * FROM ${shape.table}`, size)})`,
  );
  const sorted = (lines: readonly Line[]) => lines.map((line) => JSON.stringify(line)).sort();
  expect(sorted(theirs)).toEqual(sorted(ours));
}

async function shapeIn({ clickhouse }: Store, table: string, columns: TableShape['columns']): Promise<TableShape> {
  const shape = shapeOf(await Catalog.of((sql) => clickhouse.rows(sql), [table]), table, columns);
  if (!isShape(shape)) throw new RangeError(shape.reason);
  return shape;
}

test('values of every type hash alike here and in ClickHouse, as cells, as keys and by months', async () => {
  await withStore(async (store) => {
    const columns = [
      { name: 'number', type: 'UInt32' },
      { name: 'occurred_at', type: "DateTime64(3, 'UTC')" },
      { name: 'amount_minor', type: 'Int64' },
      { name: 'version', type: 'UInt64' },
      ...Object.keys(VALUES).map((type, index) => ({ name: `c${index}`, type })),
    ];
    const made = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
    await store.clickhouse.command(
      `CREATE TABLE headrace.every_type (${made}) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(occurred_at) ORDER BY (number, c0, c9, c11)`,
    );
    const row = fc.tuple(
      VALUES["DateTime64(3, 'UTC')"]!,
      VALUES.Int64!,
      fc.bigInt(0n, 2n ** 63n - 1n),
      ...Object.values(VALUES),
    );
    const rows = fc.sample(row, { numRuns: 400, seed: 8 }).map((cells, number) => [number, ...cells]);
    const shape = await shapeIn(store, 'headrace.every_type', columns);
    expect(shape).toMatchObject({ key: ['number', 'c0', 'c9', 'c11'], month: 'occurred_at', version: 'version' });
    await bothAgree(store, shape, rows, 1_024);
  });
});

test('rows of every table of the sink hash alike, in the same ranges', async () => {
  await withStore(async (store) => {
    for (const { table, columns } of new Map(sinkTables.map((each) => [each.table, each])).values()) {
      const shape = await shapeIn(store, table, columns);
      const row = fc.tuple(...columns.map(({ type }) => VALUES[type]!));
      const rows = fc.sample(row, { numRuns: 40, seed: 9 });
      const digest = new RowDigest(shape, 1);
      const byKey = new Map<string, (typeof rows)[number]>();
      for (const cells of rows) {
        digest.of(cells);
        byKey.set(JSON.stringify(digest.id), cells);
      }
      await bothAgree(store, shape, [...byKey.values()], 1_000_003);
    }
  });
});
