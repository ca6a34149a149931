import { type Headers, type HeadraceError, type Serde, StreamsBuilder } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topicFormats } from '../../src/app/formats/topic-formats.ts';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { ConfluentRegistry } from '../../src/serde/avro/confluent-registry.ts';
import { openLog, readText, temporaryDirectory, topicConfig } from '../embedded-log.ts';
import { RegistryServer } from '../serde/avro/registry-server.ts';
import { files, schemas, serdeOf, TRANSACTION } from '../serde/avro/topics.ts';
import { text } from '../text-serde.ts';

const GUID_HEADER = '__value_schema_id';

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;
let server: RegistryServer;
let registry: ConfluentRegistry | undefined;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  await log.createTopics([topicConfig('transactions'), topicConfig('out')]);
  server = new RegistryServer();
  await server.listen();
});

afterEach(async () => {
  registry?.close();
  await server.close();
  await log.close();
  directory.remove();
});

/** Values of a producer that registered its schema by itself. */
function framed(id: number, transactionId: string): Uint8Array {
  const bytes = serdeOf('transactions').serialize({ ...TRANSACTION, transactionId });
  bytes.set(
    [id >>> 24, id >>> 16, id >>> 8, id].map((byte) => byte & 0xff),
    1,
  );
  return bytes;
}

async function append(...values: readonly (readonly [Uint8Array, Headers?])[]): Promise<void> {
  await log.append(
    values.map(([value, headers = []]) => ({
      topic: 'transactions',
      partition: 0,
      timestamp: 1,
      key: null,
      value,
      headers,
    })),
  );
}

async function start(onFault: (error: HeadraceError) => void) {
  registry = await ConfluentRegistry.open({
    url: server.url,
    clock: Date.now,
    schemas: new Map(),
    requestTimeoutMs: 500,
  });
  const { valueSerde } = topicFormats({ format: 'json', registry, schemas });
  const value = valueSerde('transactions') as Serde<typeof TRANSACTION>;
  const builder = new StreamsBuilder();
  builder
    .stream('transactions', { key: text, value })
    .mapValues((transaction) => transaction!.transactionId)
    .to('out', { key: text, value: text });
  const worker = new Worker({
    log,
    topology: builder.build(),
    application: 'app',
    clock: Date.now,
    commitIntervalMs: 5,
    onFault,
    // Often enough that the test does not wait for the back-off, and not at once.
    sleep: () => new Promise((resolve) => setTimeout(resolve, 20)),
  });
  const running = worker.run();
  return { worker, running };
}

const written = async (topic: string) => (await readText(log, topic)).map(([, value]) => value);

describe('a schema registry beneath a worker', () => {
  it('that is down holds the records back and makes none a dead letter; when it comes back all go on, in order', async () => {
    const { id, guid } = server.put('transactions-value', files.current.get('transactions'));
    const header = Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]);
    await append(
      [Buffer.from(JSON.stringify({ ...TRANSACTION, transactionId: 'json' }))],
      [framed(id, 'avro')],
      [framed(id, 'header').subarray(5), [[GUID_HEADER, header]]],
    );
    const faults: HeadraceError[] = [];
    let hasFailed: () => void = () => {};
    const failedOften = new Promise<void>((resolve) => {
      hasFailed = resolve;
    });
    await server.close();
    const { worker, running } = await start((error) => {
      faults.push(error);
      if (faults.length === 5) hasFailed();
    });
    await failedOften;
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['SCHEMA_UNAVAILABLE']));
    expect(await written('transactions.dlq')).toEqual([]);
    await server.listen();
    await Promise.race([worker.idle(), running]);
    worker.stop();
    await running;
    expect(await written('out')).toEqual(['json', 'avro', 'header']);
    expect(await written('transactions.dlq')).toEqual([]);
    expect(worker.metrics()).toMatchObject({ deadLetters: 0 });
  });

  it('that has no such schema sends the record to the dead letters with its bytes, and the rest goes on', async () => {
    const { id } = server.put('transactions-value', files.current.get('transactions'));
    const truncated = framed(id, 'x').subarray(0, 20);
    await append([framed(77, 'unknown')], [framed(id, 'known')], [truncated], [Buffer.from([0, 0, 0])]);
    const { worker, running } = await start(() => {});
    await Promise.race([worker.idle(), running]);
    worker.stop();
    await running;
    expect(await written('out')).toEqual(['known']);
    const dead = (await log.read('transactions.dlq', 0, 0))!;
    const messages = Array.from({ length: dead.length }, (_, index) => {
      const message = dead.headersAt(index).find(([name]) => name === '__streams.errors.message')![1]!;
      return Buffer.from(message).toString();
    });
    expect(messages).toEqual([
      expect.stringMatching(/has no schema of id 77/),
      expect.stringMatching(/bytes/),
      expect.stringMatching(/end within the frame/),
    ]);
    expect(Buffer.from(dead.valueAt(0)!)).toEqual(Buffer.from(framed(77, 'unknown')));
    expect(Buffer.from(dead.valueAt(1)!)).toEqual(Buffer.from(truncated));
    // All schemas of the batch were asked for together, not one after another.
    expect(server.requests.filter((request) => request.startsWith('GET'))).toHaveLength(2);
  });
});
