import { expect, test } from 'vitest';
import { sinkTables } from '../../../src/app/sink-tables.ts';
import { checkShapes } from '../../../src/clickhouse/sink/table-shape.ts';
import { withStore } from '../temporary-store.ts';

const columns = [
  { name: 'id', type: 'UInt64' },
  { name: 'minor', type: 'Int64' },
];
const NAME = 'headrace.amounts_rows';
const wanted = [{ table: NAME, columns }];
const CREATE = `CREATE TABLE ${NAME} (id UInt64, minor Int64) ENGINE = MergeTree ORDER BY id`;

test('the tables of the migrations are what the sink writes, to the byte', async () => {
  await withStore(async ({ clickhouse }) => {
    await checkShapes(clickhouse, sinkTables);
    await checkShapes({ kind: 'server', rows: (sql) => clickhouse.rows(sql) }, sinkTables);
  });
  expect(sinkTables.length).toBeGreaterThan(5);
});

test.each([
  ['it is gone', [`DROP TABLE ${NAME}`], /amounts_rows.*it is missing/],
  ['a column is gone', [`ALTER TABLE ${NAME} DROP COLUMN minor`], /no column minor Int64/],
  ['a column has another name', [`ALTER TABLE ${NAME} RENAME COLUMN minor TO cents`], /no column minor/],
  ['a column is narrower', [`ALTER TABLE ${NAME} MODIFY COLUMN minor Int32`], /minor is Int32 and not Int64/],
  ['a column is a float', [`ALTER TABLE ${NAME} MODIFY COLUMN minor Float64`], /minor is Float64 and not Int64/],
  [
    'a column is computed',
    [`DROP TABLE ${NAME}`, CREATE.replace('minor Int64', 'minor Int64 MATERIALIZED 7')],
    /minor is computed \(MATERIALIZED\)/,
  ],
])('%s: refused, with its name, until it is mended', async (_name, changes, message) => {
  await withStore(async ({ clickhouse }) => {
    await clickhouse.command(CREATE);
    await checkShapes(clickhouse, wanted);
    for (const change of changes) await clickhouse.command(change);
    await expect(checkShapes(clickhouse, wanted)).rejects.toMatchObject({
      code: 'TABLE_MISMATCH',
      retriable: true,
      message: expect.stringMatching(message),
    });
    await clickhouse.command(`DROP TABLE IF EXISTS ${NAME}`);
    await clickhouse.command(CREATE);
    await checkShapes(clickhouse, wanted);
  });
});

test.each([
  `ALTER TABLE ${NAME} ADD COLUMN noted String DEFAULT 'unknown'`,
  `ALTER TABLE ${NAME} ADD COLUMN doubled Int64 MATERIALIZED minor * 2`,
  `ALTER TABLE ${NAME} MODIFY COLUMN minor Int128`,
  `ALTER TABLE ${NAME} MODIFY COLUMN minor Nullable(Int64)`,
])('%s changes nothing for the sink', async (change) => {
  await withStore(async ({ clickhouse }) => {
    await clickhouse.command(CREATE);
    await clickhouse.command(change);
    await checkShapes(clickhouse, wanted);
  });
});
