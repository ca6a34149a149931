import { expect, test } from 'vitest';
import { CheckedTarget } from '../../../src/clickhouse/generic/checked-target.ts';
import { sinkTableOf } from '../../../src/clickhouse/generic/generic-table.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { rawDecoder } from '../../../src/serde/avro/raw-decoder.ts';
import { framedRaw } from '../../serde/avro/raw-encoder.ts';
import { batchesOf, cutOf } from '../record-batches.ts';
import { withStore } from '../temporary-store.ts';
import { apply, FIRST, tableOf } from './planned-table.ts';

test('a table that is gone or changed is told as what can be done again, and goes on when it is right', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const schema = parseSchema(FIRST);
    const table = tableOf(FIRST);
    const decode = rawDecoder(schema, { writerSchema: () => schema });
    const inner = target([sinkTableOf(table)], {
      decodeValue: (_topic, bytes) => (bytes === null ? null : decode(bytes)),
    });
    const sink = new CheckedTarget(inner, table, (sql) => clickhouse.rows(sql));
    const write = (offset: number) => {
      const batches = batchesOf('payments', 0, offset, [{ value: framedRaw(1, schema, ['a', offset]) }]);
      return sink.write(cutOf(offset, batches), batches);
    };
    const missing = {
      code: 'SINK_TABLE_DIFFERS',
      retriable: true,
      message: expect.stringContaining('is not there: "headrace sink apply"'),
    };
    await expect(write(1)).rejects.toMatchObject(missing);
    await apply(clickhouse, table);
    expect(await write(1)).toMatchObject({ rows: 1 });
    await clickhouse.command('DROP TABLE headrace.payments_rows');
    await expect(write(2)).rejects.toMatchObject(missing);
    await apply(clickhouse, table);
    expect(await write(2)).toMatchObject({ rows: 1 });
    await clickhouse.command('ALTER TABLE headrace.payments_rows DROP COLUMN n');
    await expect(write(3)).rejects.toMatchObject({
      code: 'SINK_TABLE_DIFFERS',
      message: expect.stringMatching(/n has no default|lacks n/),
    });
  });
});
