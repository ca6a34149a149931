import { expect, test } from 'vitest';
import { readRows } from '../../../src/clickhouse/clickhouse.ts';
import type { GenericSinkDefinition } from '../../../src/clickhouse/generic/generic-sink-definition.ts';
import { withStore } from '../temporary-store.ts';
import { apply, FIRST, planOf, record, tableOf } from './planned-table.ts';

test('fields that come with a default become columns, and rows of before have it', async () => {
  await withStore(async ({ clickhouse }) => {
    await apply(clickhouse, tableOf(FIRST));
    await clickhouse.command("INSERT INTO headrace.payments_rows (id, n, _offset) VALUES ('a', 1, 7)");
    const added = [
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }, default: 'ÿ\u0000' },
      { name: 'state', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] }, default: 'B' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 86_400_000 },
      { name: 'us', type: { type: 'long', logicalType: 'timestamp-micros' }, default: 1 },
      { name: 'day', type: { type: 'int', logicalType: 'date' }, default: 1 },
      { name: 'is', type: 'boolean', default: true },
      { name: 'real', type: 'double', default: -0.5 },
      { name: 'big', type: 'long', default: 9007199254740991 },
      { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
      {
        name: 'who',
        type: {
          type: 'record',
          name: 'W',
          fields: [
            { name: 'x', type: 'string' },
            { name: 'y', type: 'int', default: 4 },
          ],
        },
        default: { x: "it's" },
      },
    ];
    const table = tableOf(record(...FIRST.fields, ...added));
    const plan = await apply(clickhouse, table);
    expect(plan).toMatchObject({ action: 'alter', reasons: [] });
    expect(plan.added.map(({ name }) => name)).toEqual([
      'note',
      'price',
      'state',
      'at',
      'us',
      'day',
      'is',
      'real',
      'big',
      'tags',
      'who_x',
      'who_y',
    ]);
    expect(await planOf(clickhouse, table)).toMatchObject({ action: 'none' });
    expect(
      await readRows(clickhouse, 'SELECT * EXCEPT (_topic, _partition, _timestamp) FROM headrace.payments'),
    ).toEqual([
      {
        id: 'a',
        n: 1,
        note: null,
        price: '-2.56',
        state: 'B',
        at: '1970-01-02 00:00:00.000',
        us: '1970-01-01 00:00:00.000001',
        day: '1970-01-02',
        is: true,
        real: -0.5,
        big: '9007199254740991',
        tags: [],
        who_x: "it's",
        who_y: 4,
        _offset: '7',
      },
    ]);
  });
});

test.each<[string, unknown, Partial<GenericSinkDefinition>, RegExp]>([
  [
    'a field that went',
    record({ name: 'id', type: 'string' }),
    {},
    /the column n has no field any more.*name another table/,
  ],
  [
    'another type',
    record({ name: 'id', type: 'string' }, { name: 'n', type: 'string' }),
    {},
    /the column n is Int32, and n wants String/,
  ],
  ['a field without a default', record(...FIRST.fields, { name: 'm', type: 'int' }), {}, /m has no default/],
  [
    'a default that ClickHouse is not told',
    record(...FIRST.fields, { name: 'm', type: { type: 'array', items: 'int' }, default: [1] }),
    {},
    /let it be null or empty/,
  ],
  ['another order', FIRST, { orderBy: ['id'] }, /ordered by \(_partition, _offset\), not \(id, _partition, _offset\)/],
  ['another month', FIRST, { partitionBy: false }, /is cut by toYYYYMM\(_timestamp\), not nothing/],
  ['a key', FIRST, { key: ['id'] }, /the engine is ReplacingMergeTree, not ReplacingMergeTree\(_offset\)/],
])('%s is refused, with what to do', async (_name, schema, change, message) => {
  await withStore(async ({ clickhouse }) => {
    await apply(clickhouse, tableOf(FIRST));
    const plan = await planOf(clickhouse, tableOf(schema, change));
    expect(plan).toMatchObject({ action: 'refused', statements: [] });
    expect(plan.reasons.join('\n')).toMatch(message);
  });
});

test('a view that a crash left out is made again', async () => {
  await withStore(async ({ clickhouse }) => {
    const table = tableOf(FIRST);
    await apply(clickhouse, table);
    await clickhouse.command('DROP VIEW headrace.payments');
    const plan = await apply(clickhouse, table);
    expect(plan).toMatchObject({ action: 'alter', added: [] });
    expect(await readRows(clickhouse, 'SELECT count() AS c FROM headrace.payments')).toEqual([{ c: '0' }]);
  });
});
