import { existsSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { GenericSinks } from '../../../src/app/generic-sink/generic-sinks.ts';
import { openGenericSinks } from '../../../src/app/generic-sink/open-generic-sinks.ts';
import type { LocalNode } from '../../../src/app/local-node.ts';
import { silentLogger } from '../../../src/app/logger.ts';
import { readJsonRows } from '../../../src/app/query-rows.ts';
import { loadTopology } from '../../../src/app/user-topology/loaded-topology.ts';
import { readRows } from '../../../src/clickhouse/clickhouse.ts';
import type { GenericSinkDefinition } from '../../../src/clickhouse/generic/generic-sink-definition.ts';
import { createStatements } from '../../../src/clickhouse/generic/table-statements.ts';
import type { SinkTarget } from '../../../src/runtime/sink/sink-target.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import type { RawValue } from '../../../src/serde/avro/raw-value.ts';
import { withStore } from '../../clickhouse/temporary-store.ts';
import { openLog } from '../../embedded-log.ts';
import { framedRaw } from '../../serde/avro/raw-encoder.ts';
import { RegistryServer } from '../../serde/avro/registry-server.ts';
import { runCommand } from '../cli/run-command.ts';
import { openTemporaryNode, temporaryData } from '../temporary-node.ts';
import { BEGIN, topologyFolder } from '../user-topology/topology-file.ts';

const order = (...more: readonly unknown[]) => ({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 } },
    ...more,
  ],
});
const FIRST = order();
const SECOND = order({ name: 'note', type: ['null', 'string'], default: null });

const TOPOLOGY = `${BEGIN}builder.stream('in', texts).to('out', texts);
export default defineTopology({ application: 'shop', topology: builder.build(), topics: [{ name: 'orders', partitions: 2 }] });
`;

const DEFINITION: GenericSinkDefinition = {
  topic: 'orders',
  table: 'orders',
  schema: './order.avsc',
  ids: { 7: './order.avsc' },
  key: ['orderId'],
};

/** A project in a directory of its own, which is the working directory until the test ends. */
function project(definition: GenericSinkDefinition = DEFINITION, schema: unknown = FIRST) {
  const sinks = JSON.stringify([definition]);
  const at = topologyFolder({
    'topology.ts': TOPOLOGY,
    'order.avsc': JSON.stringify(schema),
    'order-2.avsc': JSON.stringify(SECOND),
    'headrace.config.ts': `import { defineConfig } from 'headrace';\nexport default defineConfig({ topology: './topology.ts', data: './data', sinks: ${sinks} });\n`,
  });
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(at('.'));
  return at;
}

const record = (partition: number, value: Uint8Array | null, key = 'k') => {
  return { topic: 'orders', partition, timestamp: 1_700_000_000_000, key: Buffer.from(key), value };
};
const framed = (value: RawValue, schema: unknown = FIRST, id = 7) => framedRaw(id, parseSchema(schema), value);

async function open(
  at: (name: string) => string,
  sinks: readonly GenericSinkDefinition[] = [DEFINITION],
  registry?: string,
) {
  const loaded = await loadTopology(at('topology.ts'));
  return openTemporaryNode(at('data'), { loaded, sinks, partitions: 1, schemaRegistry: registry });
}

const rows = (
  node: LocalNode,
  sql = 'SELECT orderId, total, _partition AS p, _offset AS o FROM headrace.orders ORDER BY orderId',
) => readJsonRows(node, sql);

it('a plan shows what becomes of each field and makes nothing; applied, records become rows exactly once', async () => {
  const at = project();
  const plan = await runCommand('sink', 'plan');
  expect(plan).toMatchObject({ code: 0, err: '' });
  expect(plan.out).toMatch(/orders -> headrace\.orders, by the sink shop-clickhouse-orders: is to be made/);
  expect(plan.out).toMatch(/ {2}total +total +Decimal\(18, 2\) +ZSTD\(1\)/);
  expect(plan.out).toMatch(
    /CREATE TABLE IF NOT EXISTS headrace\.orders_rows[\s\S]*ENGINE = ReplacingMergeTree\(`_offset`\)\nORDER BY \(`orderId`\)/,
  );
  expect(existsSync(at('data'))).toBe(false);

  // What would not run is refused before it does.
  const early = await open(at);
  await expect(early.start(() => undefined)).rejects.toMatchObject({
    code: 'SINK_TABLE_DIFFERS',
    message: expect.stringContaining(
      'headrace.orders_rows of topic orders is not there: "headrace sink apply" makes it',
    ),
  });
  await early.close();

  const applied = await runCommand('sink', 'apply', '--json');
  expect(applied).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(applied.out)).toMatchObject({ topic: 'orders', table: 'headrace.orders', action: 'create' });
  expect(JSON.parse((await runCommand('sink', 'plan', '--json')).out)).toMatchObject({
    action: 'none',
    statements: [],
  });

  const node = await open(at);
  await node.start((error) => expect(error).toBeUndefined());
  await node.append([
    record(0, framed(['a', 1050n])),
    record(1, framed(['b', -1n])),
    record(0, null),
    record(0, Buffer.from('{"orderId":"json"}')),
    record(1, framed(['c', 5n], FIRST, 9)),
    record(0, framed(['a', 2000n])),
  ]);
  await node.drain();
  expect(await rows(node)).toEqual([
    { orderId: 'a', total: '20', p: 0, o: '3' },
    { orderId: 'b', total: '-0.01', p: 1, o: '0' },
  ]);
  const status = await node.status();
  expect(status.sinks).toEqual([
    { sink: 'shop-clickhouse-orders', table: 'orders', rows: 3, lag: 0, deadLetters: 2, error: undefined },
  ]);
  expect(status).toMatchObject({ sinkRows: 3, sinkLag: 0, sinkError: undefined });
  expect(await node.recordCount('shop-clickhouse-orders.dlq')).toBe(2);
  await node.close();

  // It goes on where it was.
  const again = await open(at);
  await again.start((error) => expect(error).toBeUndefined());
  await again.append([record(1, framed(['d', 1n]))]);
  await again.drain();
  expect((await again.status()).sinks).toMatchObject([{ rows: 1, deadLetters: 0 }]);
  expect(await rows(again, 'SELECT count() AS c FROM headrace.orders')).toEqual([{ c: '3' }]);
}, 60_000);

it('a field that came becomes a column by another apply; what can not be is refused', async () => {
  const at = project({ ...DEFINITION, schema: './order-2.avsc', ids: { 7: './order.avsc', 8: './order-2.avsc' } });
  expect((await runCommand('sink', 'apply')).code).toBe(0);
  const node = await open(at, [
    { ...DEFINITION, schema: './order-2.avsc', ids: { 7: './order.avsc', 8: './order-2.avsc' } },
  ]);
  await node.start((error) => expect(error).toBeUndefined());
  await node.append([record(0, framed(['a', 1n])), record(0, framed(['b', 2n, 'new'], SECOND, 8))]);
  await node.drain();
  expect(await rows(node, 'SELECT orderId, note FROM headrace.orders ORDER BY orderId')).toEqual([
    { orderId: 'a', note: null },
    { orderId: 'b', note: 'new' },
  ]);
  // A plan asks the running node; apply wants the directory for itself.
  await node.serve(0);
  expect(await runCommand('sink', 'apply')).toMatchObject({
    code: 1,
    err: expect.stringContaining('DATA_DIRECTORY_IN_USE'),
  });
  expect((await runCommand('sink', 'plan')).out).toContain('is as it should be');
  await node.close();

  writeFileSync(at('order-2.avsc'), JSON.stringify(FIRST));
  const refused = await runCommand('sink', 'apply');
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/refused: the column note has no field any more/);
  expect(refused.err).toContain('nothing was made');
}, 60_000);

it('a table that is dropped under it makes it wait and say why; it goes on by itself', async () => {
  project();
  const log = openLog(temporaryData());
  onTestFinished(() => log.close());
  await log.createTopics([{ name: 'orders', partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 }]);
  const options = {
    definitions: [DEFINITION],
    sink: 'x',
    migrations: undefined,
    schemaRegistry: undefined,
    clock: Date.now,
  };
  await withStore(async (store) => {
    const opened = await openGenericSinks(options);
    const make = async () => {
      for (const statement of createStatements(opened.sinks[0]!.table)) await store.clickhouse.command(statement);
    };
    const count = () => readRows(store.clickhouse, 'SELECT count() AS c FROM headrace.orders');
    await make();
    const run = {
      log,
      store,
      clock: Date.now,
      logger: silentLogger,
      flushIntervalMs: 20,
      heldBack: (target: SinkTarget) => target,
    };
    const faults: string[] = [];
    const sinks = await GenericSinks.start(opened, { ...run, onFault: (source) => faults.push(source) });
    try {
      await log.append([record(0, framed(['a', 1n]))]);
      await sinks.drain();
      await store.clickhouse.command('DROP TABLE headrace.orders_rows');
      await log.append([record(0, framed(['b', 1n]))]);
      await vi.waitFor(
        () => expect(sinks.figures()[0]?.error).toMatch(/headrace\.orders_rows of topic orders is not there/),
        5_000,
      );
      await make();
      await sinks.drain();
      expect(sinks.figures()).toMatchObject([{ rows: 2, error: undefined }]);
      expect(await count()).toEqual([{ c: '1' }]);
      expect(faults).toEqual([]);
    } finally {
      await sinks.close();
    }
  });
}, 60_000);

it('the schema of a registry is taken by its subject, with those that values were written with', async () => {
  const server = new RegistryServer();
  await server.listen();
  onTestFinished(() => server.close());
  const { id: first } = server.put('orders-value', FIRST);
  const { id: second } = server.put('orders-value', SECOND);
  const definition: GenericSinkDefinition = { topic: 'orders', table: 'orders', schema: { subject: 'orders-value' } };
  const at = project(definition);
  const without = await runCommand('sink', 'plan');
  expect(without).toMatchObject({
    code: 2,
    err: expect.stringMatching(/names the subject orders-value, and there is no registry/),
  });
  const old = { ...definition, schema: { subject: 'orders-value', version: 1 } };
  expect((await runCommand('sink', 'apply', '--schema-registry', server.url)).out).toMatch(
    /note +note +Nullable\(String\)/,
  );
  const node = await open(at, [definition], server.url);
  await node.start((error) => expect(error).toBeUndefined());
  await node.append([record(0, framed(['a', 1n], FIRST, first)), record(0, framed(['b', 2n, 'n'], SECOND, second))]);
  await node.drain();
  expect(await rows(node, 'SELECT orderId, note, _offset AS o FROM headrace.orders ORDER BY o')).toEqual([
    { orderId: 'a', note: null, o: '0' },
    { orderId: 'b', note: 'n', o: '1' },
  ]);
  await node.close();
  const shrunk = await open(at, [old], server.url);
  await expect(shrunk.start(() => undefined)).rejects.toThrow(/the column note has no field any more/);
  await shrunk.close();
  const missing = await open(at, [{ ...definition, schema: { subject: 'nothing-value' } }], server.url);
  await expect(missing.start(() => undefined)).rejects.toMatchObject({
    code: 'SCHEMA_UNKNOWN',
    message: expect.stringContaining('version latest of nothing-value'),
  });
}, 60_000);

it.each<[string, Partial<GenericSinkDefinition>, string, RegExp]>([
  ['a topic that is not there', { topic: 'nothing' }, 'TOPIC_UNKNOWN', /takes the topic nothing, which does not exist/],
  ['a file that is not there', { schema: './none.avsc' }, 'INPUT_NOT_FOUND', /none\.avsc.*can't be read/],
  ['a name of the house', { table: 'balances' }, 'SINK_TABLE_INVALID', /a table of Headrace's own/],
])(
  '%s stops the start',
  async (_name, change, code, message) => {
    const at = project();
    const node = await open(at, [{ ...DEFINITION, ...change }]);
    await expect(node.start(() => undefined)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  },
  30_000,
);

it('what the configuration says wrongly is told with its place', async () => {
  project({ ...DEFINITION, tabel: 'x' } as never);
  expect(await runCommand('sink', 'plan')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/headrace\.config\.ts: sinks\.0: .*tabel/),
  });
  project();
  expect(await runCommand('sink', 'plan', 'nothing')).toMatchObject({
    code: 2,
    err: expect.stringContaining('names no sink nothing: there are orders'),
  });
});
