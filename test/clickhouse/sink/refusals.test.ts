import { expect, test } from 'vitest';
import { type ClickHouse, readRows } from '../../../src/clickhouse/clickhouse.ts';
import { columns, fieldsOf, plainField, textField } from '../../../src/clickhouse/sink-fields.ts';
import type { SinkTable } from '../../../src/clickhouse/sink-table.ts';
import type { Store } from '../../../src/clickhouse/store.ts';
import { batchesOf, cutOf } from '../record-batches.ts';
import { withStore } from '../temporary-store.ts';

/** Of each record as many rows as it says. */
const table: SinkTable = {
  topic: 'amounts',
  table: 'headrace.amounts_rows',
  columns: columns({ id: 'UInt64', currency: 'LowCardinality(String)', minor: 'Int64' }),
  rows: (record) => {
    const value = fieldsOf(record);
    const row = [plainField(value, 'id'), textField(value, 'currency'), plainField(value, 'minor')];
    return Array.from({ length: Number(value.copies ?? 1) }, () => row);
  },
};

const SETTINGS =
  'SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1';

const CREATE = `CREATE TABLE headrace.amounts_rows (id UInt64, currency LowCardinality(String), minor Int64,
  CONSTRAINT below CHECK minor < 1000) ENGINE = ReplacingMergeTree PARTITION BY currency ORDER BY id ${SETTINGS}`;

const records = (from: number, minors: readonly number[], currency = 'EUR') =>
  minors.map((minor, i) => ({ value: { id: from + i, currency, minor } }));

function withAmounts(use: (store: Store) => Promise<void>, create = CREATE): Promise<void> {
  return withStore(async (store) => {
    await store.clickhouse.command(create);
    await use(store);
  });
}

async function ids(clickhouse: ClickHouse): Promise<readonly number[]> {
  const rows = await readRows<{ id: string }>(clickhouse, 'SELECT id FROM headrace.amounts_rows ORDER BY id');
  return rows.map(({ id }) => Number(id));
}

const reasonOf = (letter: { readonly headers?: readonly (readonly [string, Uint8Array | null])[] }) =>
  String(letter.headers?.find(([name]) => name === '__streams.errors.message')?.[1]);

test('records that a constraint refuses are set aside, each with ClickHouse’s reason; a repetition changes nothing', async () => {
  await withAmounts(async ({ clickhouse, target }) => {
    const minors = Array.from({ length: 500 }, (_, i) => (i === 3 || i === 250 || i === 499 ? 5_000 + i : i));
    const batches = [
      ...batchesOf('amounts', 0, 0, records(0, minors)),
      ...batchesOf('amounts', 1, 0, records(500, [1])),
    ];
    for (let time = 0; time < 2; time++) {
      const written = await target([table]).write(cutOf(1, batches), batches);
      expect(written.rows).toBe(498);
      expect(written.deadLetters.map(({ value }) => JSON.parse(String(Buffer.from(value!))).id)).toEqual([3, 250, 499]);
      expect(written.deadLetters.map(reasonOf)).toEqual(
        [3, 250, 499].map((id) => expect.stringMatching(new RegExp(`Code: 469.*below.*${5_000 + id}`, 's'))),
      );
      const found = await ids(clickhouse);
      expect(found).toHaveLength(498);
      expect(new Set(found).size).toBe(498);
    }
  });
});

test('all rows of a refused record are refused, and counted', async () => {
  await withAmounts(async ({ clickhouse, target }) => {
    const twice = { value: { id: 1, currency: 'EUR', minor: 2_000, copies: 2 } };
    const batches = batchesOf('amounts', 0, 0, [twice, ...records(2, [5])]);
    const written = await target([table]).write(cutOf(1, batches), batches);
    expect(written).toMatchObject({ rows: 1, deadLetters: [{ topic: 'clickhouse.dlq' }] });
    expect(await ids(clickhouse)).toEqual([2]);
  });
});

test('a column of a user’s that refuses a value, by its expression or its type, refuses that record alone', async () => {
  await withAmounts(async ({ clickhouse, target }) => {
    await clickhouse.command(
      "ALTER TABLE headrace.amounts_rows ADD COLUMN known UInt8 MATERIALIZED throwIf(currency = 'XXX', 'no such currency')",
    );
    const batches = batchesOf('amounts', 0, 0, [...records(0, [1, 2]), ...records(2, [3], 'XXX'), ...records(3, [4])]);
    const written = await target([table]).write(cutOf(1, batches), batches);
    expect(written.deadLetters.map(reasonOf)).toEqual([expect.stringMatching(/Code: 395.*no such currency/s)]);
    expect(await ids(clickhouse)).toEqual([0, 1, 3]);
  });
  const strict = CREATE.replace('currency LowCardinality(String)', 'currency FixedString(3)');
  await withAmounts(async ({ clickhouse, target }) => {
    const batches = batchesOf('amounts', 0, 0, [...records(0, [1]), ...records(1, [2], 'EURO')]);
    const written = await target([table]).write(cutOf(1, batches), batches);
    expect(written.deadLetters.map(reasonOf)).toEqual([expect.stringMatching(/Code: 131/)]);
    expect(await ids(clickhouse)).toEqual([0]);
  }, strict);
});

test('a view’s target that refuses makes the cut wait; mended, the same cut fills table and view', async () => {
  await withAmounts(async ({ clickhouse, target }) => {
    await clickhouse.command(
      `CREATE TABLE headrace.by_minor_rows (minor Int64, id UInt64, CONSTRAINT odd CHECK minor != 2) ENGINE = ReplacingMergeTree ORDER BY (minor, id) ${SETTINGS}`,
    );
    await clickhouse.command(
      'CREATE MATERIALIZED VIEW headrace.by_minor_feed TO headrace.by_minor_rows AS SELECT minor, id FROM headrace.amounts_rows',
    );
    const batches = batchesOf('amounts', 0, 0, records(0, [1, 2, 3]));
    for (let time = 0; time < 3; time++) {
      await expect(target([table]).write(cutOf(1, batches), batches)).rejects.toMatchObject({
        code: 'VIEW_REFUSED',
        retriable: true,
        message: expect.stringMatching(/headrace\.by_minor_feed.*Code: 469/s),
      });
    }
    await clickhouse.command('ALTER TABLE headrace.by_minor_rows DROP CONSTRAINT odd');
    expect(await target([table]).write(cutOf(1, batches), batches)).toEqual({ rows: 3, deadLetters: [] });
    expect(await ids(clickhouse)).toEqual([0, 1, 2]);
    expect(await readRows(clickhouse, 'SELECT count() AS n FROM headrace.by_minor_rows')).toEqual([{ n: '3' }]);
  });
});

test('the same cut with other content is not taken for the first: its rows come in', async () => {
  await withAmounts(async ({ clickhouse, target }) => {
    const first = batchesOf('amounts', 0, 0, records(0, [1, 2]));
    const second = batchesOf('amounts', 0, 0, records(10, [1, 2]));
    await target([table]).write(cutOf(1, first), first);
    expect(cutOf(1, second)).toEqual(cutOf(1, first));
    await target([table]).write(cutOf(1, second), second);
    expect(await ids(clickhouse)).toEqual([0, 1, 10, 11]);
  });
});

test('rows prepared batch by batch while other cuts were written are those of the cut', async () => {
  await withAmounts(async ({ clickhouse, target }) => {
    const sink = target([table]);
    const batches = [
      ...batchesOf('amounts', 1, 0, records(0, [1])),
      ...batchesOf('amounts', 0, 0, records(1, [2, 7_000])),
      ...batchesOf('amounts', 1, 1, records(3, [4])),
    ];
    const prepared = sink.prepare!();
    for (const batch of batches) prepared.add(batch);
    const written = await sink.write(cutOf(1, batches), batches, prepared);
    expect(written).toMatchObject({ rows: 3, deadLetters: [{}] });
    // What a later process makes of the same cut has the same token.
    await sink.write(cutOf(1, batches), [...batches].reverse());
    expect(await ids(clickhouse)).toEqual([0, 1, 3]);
  });
});
