import { expect, test } from 'vitest';
import { readRows } from '../../../src/clickhouse/clickhouse.ts';
import { CheckedTarget } from '../../../src/clickhouse/generic/checked-target.ts';
import { sinkTableOf } from '../../../src/clickhouse/generic/generic-table.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { rawDecoder } from '../../../src/serde/avro/raw-decoder.ts';
import type { RawValue } from '../../../src/serde/avro/raw-value.ts';
import { framedRaw } from '../../serde/avro/raw-encoder.ts';
import { batchesOf, cutOf } from '../record-batches.ts';
import { withStore } from '../temporary-store.ts';
import { PAYMENT } from './payment-schema.ts';
import { apply, FIRST, planOf, tableOf } from './planned-table.ts';

const ID = '6f1b1e6c-3c1b-4c4e-9a52-0a3b6e6a0b11';
const VALUE: RawValue = [
  ID,
  2n ** 63n - 1n,
  -5,
  -(10n ** 38n - 1n),
  12345n,
  'EUR',
  true,
  0.1,
  null,
  'DONE',
  null,
  -1,
  1_700_000_000_123,
  -2_208_988_800_000_000n,
  Buffer.from([0, 255]),
  Buffer.from([1, 2, 3, 4]),
  ['a', null],
  [
    ['x', 1],
    ['y', null],
  ],
  ['Ann', ['Brno', ['1', '2']]],
  [
    ['A-1', 1250n, 'NEW', 19_000],
    ['A-2', -1250n, null, null],
  ],
];
const EMPTY: RawValue = [
  ID,
  0,
  0,
  0n,
  null,
  'CZK',
  false,
  0,
  0.5,
  'NEW',
  'NEW',
  0,
  0,
  null,
  new Uint8Array(),
  new Uint8Array(4),
  null,
  [],
  ['Bob', null],
  [],
];

test('a table is made as planned, and every value comes back exactly', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const schema = parseSchema(PAYMENT);
    const table = tableOf(PAYMENT);
    expect(await apply(clickhouse, table)).toMatchObject({ action: 'create', reasons: [] });
    expect(await planOf(clickhouse, table)).toMatchObject({ action: 'none', statements: [], reasons: [] });
    const decode = rawDecoder(schema, { writerSchema: () => schema });
    const inner = target([sinkTableOf(table)], {
      decodeValue: (_topic, bytes, headers) => (bytes === null ? null : decode(bytes, headers)),
    });
    const sink = new CheckedTarget(inner, table, (sql) => clickhouse.rows(sql));
    const values = [
      framedRaw(1, schema, VALUE),
      null,
      framedRaw(1, schema, EMPTY),
      Buffer.from('{"a":1}'),
      framedRaw(1, schema, VALUE).subarray(0, 30),
    ];
    const batches = batchesOf(
      'payments',
      3,
      10,
      values.map((value) => ({ value })),
    );
    const written = await sink.write(cutOf(1, batches), batches);
    expect(written.rows).toBe(2);
    expect(written.deadLetters.map(({ topic }) => topic)).toEqual(['clickhouse.dlq', 'clickhouse.dlq']);
    await sink.write(cutOf(1, batches), batches);
    const rows = await readRows<Record<string, unknown>>(
      clickhouse,
      'SELECT * EXCEPT (raw, digest), hex(raw) AS raw, hex(digest) AS digest FROM headrace.payments ORDER BY _offset',
    );
    expect(rows).toEqual([
      {
        paymentId: ID,
        sequence: '9223372036854775807',
        count: -5,
        amount: `-${'9'.repeat(34)}.9999`,
        fee: '123.45',
        currency: 'EUR',
        isFinal: true,
        rate: 0.1,
        score: null,
        state: 'DONE',
        reason: null,
        bookedOn: '1969-12-31',
        at: '2023-11-14 22:13:20.123',
        exactAt: '1900-01-01 00:00:00.000000',
        raw: '00FF',
        digest: '01020304',
        tags: ['a', null],
        counts: { x: 1, y: null },
        payer_name: 'Ann',
        payer_address_city: 'Brno',
        payer_address_lines: ['1', '2'],
        legs: [
          { account: 'A-1', amount: '12.5', state: 'NEW', day: '2022-01-08' },
          { account: 'A-2', amount: '-12.5', state: null, day: null },
        ],
        _topic: 'payments',
        _partition: 3,
        _offset: '10',
        _timestamp: '2023-11-14 22:13:20.000',
      },
      expect.objectContaining({
        score: 0.5,
        reason: 'NEW',
        exactAt: null,
        tags: [],
        counts: {},
        legs: [],
        payer_address_city: null,
        payer_address_lines: [],
        _offset: '12',
      }),
    ]);
  });
});

test('of a key the greatest version counts, or the last offset', async () => {
  await withStore(async ({ clickhouse }) => {
    const versioned = tableOf(FIRST, { key: ['id'], version: 'n' });
    expect(await apply(clickhouse, versioned)).toMatchObject({ action: 'create' });
    expect(await planOf(clickhouse, versioned)).toMatchObject({ action: 'none', reasons: [] });
    const byOffset = tableOf(FIRST, { table: 'others', key: ['id'] });
    await apply(clickhouse, byOffset);
    expect(await planOf(clickhouse, byOffset)).toMatchObject({ action: 'none' });
    for (const [n, offset] of [
      [-3, 3],
      [5, 1],
      [4, 2],
    ]) {
      for (const name of ['payments', 'others']) {
        await clickhouse.command(`INSERT INTO headrace.${name}_rows (id, n, _offset) VALUES ('a', ${n}, ${offset})`);
      }
    }
    expect(await readRows(clickhouse, 'SELECT n FROM headrace.payments')).toEqual([{ n: 5 }]);
    expect(await readRows(clickhouse, 'SELECT n FROM headrace.others')).toEqual([{ n: -3 }]);
  });
});
