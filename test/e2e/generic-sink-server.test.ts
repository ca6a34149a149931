import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { readJsonRows } from '../../src/app/query-rows.ts';
import { loadTopology } from '../../src/app/user-topology/loaded-topology.ts';
import type { GenericSinkDefinition } from '../../src/clickhouse/generic/generic-sink-definition.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { parseSchema } from '../../src/serde/avro/parse-schema.ts';
import type { RawValue } from '../../src/serde/avro/raw-value.ts';
import { runCommand } from '../app/cli/run-command.ts';
import { openTemporaryNode } from '../app/temporary-node.ts';
import { BEGIN, topologyFolder } from '../app/user-topology/topology-file.ts';
import { freePorts } from '../free-ports.ts';
import { framedRaw } from '../serde/avro/raw-encoder.ts';
import { type RunningCommand, startHeadrace, workplace } from './headrace.ts';

/** A ClickHouse that is asked over HTTP: the embedded one of a second process, which lets itself be written to. */
let place: ReturnType<typeof workplace>;
let url: string;
let server: RunningCommand;

async function startServer(): Promise<void> {
  server = startHeadrace(['clickhouse', '--allow-writes', '--port', new URL(url).port, '--data', place.file('server')]);
  await server.said(`serving at ${url}`);
}

async function kill(): Promise<void> {
  server.child.kill('SIGKILL');
  await server.ended;
}

beforeAll(async () => {
  place = workplace();
  url = `http://127.0.0.1:${(await freePorts(1))[0]}`;
  await startServer();
}, 120_000);
afterAll(async () => {
  await kill();
  place.remove();
});

const order = (...more: readonly unknown[]) => {
  const total = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 };
  const fields = [{ name: 'orderId', type: 'string' }, { name: 'total', type: total }, ...more];
  return { type: 'record', name: 'Order', fields };
};
const FIRST = order();
const SECOND = order({ name: 'note', type: ['null', 'string'], default: null });
const DEFINITION: GenericSinkDefinition = {
  topic: 'orders',
  table: 'orders',
  schema: './order.avsc',
  ids: { 1: './order-1.avsc', 2: './order-2.avsc' },
  key: ['orderId'],
};

/** A project in a directory of its own, which is the working directory until the test ends. */
function project(): (name: string) => string {
  const configuration = { topology: './topology.ts', data: './data', sinks: [DEFINITION] };
  const at = topologyFolder({
    'topology.ts': `${BEGIN}builder.stream('in', texts).to('out', texts);
export default defineTopology({ application: 'shop', topology: builder.build(), topics: [{ name: 'orders', partitions: 2 }] });
`,
    'order.avsc': JSON.stringify(FIRST),
    'order-1.avsc': JSON.stringify(FIRST),
    'order-2.avsc': JSON.stringify(SECOND),
    'headrace.config.mjs': `export default ${JSON.stringify(configuration)};\n`,
  });
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(at('.'));
  return at;
}

async function open(at: (name: string) => string) {
  const loaded = await loadTopology(at('topology.ts'));
  return openTemporaryNode(at('data'), { loaded, sinks: [DEFINITION], partitions: 1, clickhouse: url });
}

const record = (value: RawValue, id: 1 | 2 = 1, partition = 0): NewRecord => ({
  topic: 'orders',
  partition,
  timestamp: 1_700_000_000_000,
  key: null,
  value: framedRaw(id, parseSchema(id === 1 ? FIRST : SECOND), value),
});

it('a table by configuration is made on a server, filled through its death, and grows with its schema', {
  timeout: 180_000,
}, async () => {
  const at = project();
  const planned = async () =>
    JSON.parse((await runCommand('sink', 'plan', '--json', '--clickhouse', url)).out) as { action: string };
  expect(await planned()).toMatchObject({ action: 'create' });
  expect(await runCommand('sink', 'apply', '--clickhouse', url)).toMatchObject({ code: 0, err: '' });
  // The server is asked, though nothing has ever run here.
  expect(await planned()).toMatchObject({ action: 'none', statements: [] });

  const node = await open(at);
  await node.start((error) => expect(error).toBeUndefined());
  const orders = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => record([`o-${from + i}`, BigInt(from + i)], 1, i % 2));
  await node.append([...orders(0, 500), { ...record(['x', 1n]), value: Buffer.from('no Avro') }]);
  await node.drain();
  const counted = 'SELECT count() AS rows, uniqExact(orderId) AS ids, sum(total) AS total FROM headrace.orders';
  expect(await readJsonRows(node, counted)).toEqual([{ rows: '500', ids: '500', total: '1247.5' }]);
  expect((await node.status()).sinks).toMatchObject([{ rows: 500, lag: 0, deadLetters: 1, error: undefined }]);

  await node.append(orders(500, 2_000));
  await kill();
  await node.append(orders(2_500, 500));
  await vi.waitFor(
    async () => expect((await node.status()).sinks).toMatchObject([{ error: expect.stringContaining('ECONNREFUSED') }]),
    {
      timeout: 30_000,
    },
  );
  await startServer();
  await node.drain();
  expect(await readJsonRows(node, counted)).toEqual([{ rows: '3000', ids: '3000', total: '44985' }]);
  await node.close();

  writeFileSync(at('order.avsc'), JSON.stringify(SECOND));
  const early = await open(at);
  await expect(early.start(() => undefined)).rejects.toMatchObject({
    code: 'SINK_TABLE_DIFFERS',
    message: expect.stringContaining('lacks note: "headrace sink apply" adds what is missing'),
  });
  await early.close();
  expect(await planned()).toMatchObject({ action: 'alter' });
  expect(await runCommand('sink', 'apply', '--clickhouse', url)).toMatchObject({ code: 0, err: '' });
  const again = await open(at);
  await again.start((error) => expect(error).toBeUndefined());
  await again.append([record(['o-1', 7n, 'changed'], 2, 1)]);
  await again.drain();
  expect(
    await readJsonRows(
      again,
      "SELECT total, note FROM headrace.orders WHERE orderId IN ('o-1', 'o-2') ORDER BY orderId",
    ),
  ).toEqual([
    { total: '0.07', note: 'changed' },
    { total: '0.02', note: null },
  ]);
  await again.close();
});
