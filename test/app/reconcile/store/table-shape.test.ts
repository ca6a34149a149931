import { expect, test } from 'vitest';
import { Catalog } from '../../../../src/app/reconcile/store/catalog.ts';
import { shapeOf } from '../../../../src/app/reconcile/store/table-shape.ts';
import type { Column } from '../../../../src/clickhouse/clickhouse.ts';
import { withStore } from '../../../clickhouse/temporary-store.ts';

const ID = { name: 'id', type: 'String' };
const AT = { name: 'at', type: "DateTime64(3, 'UTC')" };
const V = { name: 'v', type: 'UInt64' };

test('what decides which rows count is read from the table, and what can not be told is said', async () => {
  await withStore(async ({ clickhouse }) => {
    const shapeNow = async (columns: readonly Column[]) =>
      shapeOf(await Catalog.of((sql) => clickhouse.rows(sql), ['headrace.t']), 'headrace.t', columns);
    const made = async (engine: string, columns = [ID, AT, V]) => {
      await clickhouse.command(
        `CREATE OR REPLACE TABLE headrace.t (id String, at DateTime64(3, 'UTC'), v UInt64, gone UInt8, local DateTime) ENGINE = ${engine}`,
      );
      return shapeNow(columns);
    };
    expect(await made('ReplacingMergeTree(v) PARTITION BY toYYYYMM(at) ORDER BY (id, at)')).toMatchObject({
      key: ['id', 'at'],
      month: 'at',
      version: 'v',
      deleted: undefined,
    });
    expect(
      await made('ReplacingMergeTree(v, gone) PARTITION BY id ORDER BY id', [ID, V, { name: 'gone', type: 'UInt8' }]),
    ).toMatchObject({ key: ['id'], month: undefined, version: 'v', deleted: 'gone' });
    expect(await made('ReplacingMergeTree PARTITION BY toYear(at) ORDER BY (id, at)')).toMatchObject({
      key: ['id', 'at'],
      month: undefined,
    });
    expect(await made('ReplacingMergeTree PARTITION BY toYear(at) ORDER BY id')).toMatchObject({
      reason: expect.stringMatching(/neither months/),
    });
    expect(await made('ReplacingMergeTree ORDER BY id')).toMatchObject({ version: undefined, month: undefined });
    expect(await made('MergeTree ORDER BY id')).toMatchObject({
      reason: expect.stringMatching(/MergeTree does not say/),
      isFault: false,
    });
    expect(await made('ReplacingMergeTree ORDER BY sipHash64(id)')).toMatchObject({
      reason: expect.stringMatching(/sorting key/),
    });
    expect(await made('ReplacingMergeTree ORDER BY (id, gone)')).toMatchObject({
      reason: expect.stringMatching(/sorting key/),
    });
    expect(await made('ReplacingMergeTree PARTITION BY toYYYYMM(local) ORDER BY id')).toMatchObject({
      reason: expect.stringMatching(/neither months nor columns of the key/),
    });
    expect(await made('ReplacingMergeTree ORDER BY id', [ID, { name: 'other', type: 'String' }])).toMatchObject({
      reason: expect.stringMatching(/no column other/),
      isFault: true,
    });
    await clickhouse.command('DROP TABLE headrace.t');
    expect(await shapeNow([ID])).toMatchObject({ isFault: true });
  });
});
