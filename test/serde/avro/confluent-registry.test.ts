import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadraceError } from '../../../src/errors.ts';
import { avroSerde } from '../../../src/serde/avro/avro-serde.ts';
import { ConfluentRegistry, type ConfluentRegistryOptions } from '../../../src/serde/avro/confluent-registry.ts';
import type { SchemaReference } from '../../../src/serde/avro/framing.ts';
import { type Fault, RegistryServer } from './registry-server.ts';
import { files, schemas, TRANSACTION } from './topics.ts';

const SUBJECT = 'transactions-value';
const SCHEMA = files.current.get('transactions');

let server: RegistryServer;
let now: number;
const opened: ConfluentRegistry[] = [];

beforeEach(async () => {
  server = new RegistryServer();
  await server.listen();
  now = 1_000_000;
});

afterEach(async () => {
  for (const registry of opened.splice(0)) registry.close();
  await server.close();
});

async function open(options: Partial<ConfluentRegistryOptions> = {}): Promise<ConfluentRegistry> {
  const registry = await ConfluentRegistry.open({
    url: server.url,
    clock: () => now,
    schemas: new Map([[SUBJECT, SCHEMA]]),
    sleep: async () => undefined,
    requestTimeoutMs: 300,
    ...options,
  });
  opened.push(registry);
  return registry;
}

function failure(action: () => unknown): HeadraceError {
  try {
    action();
  } catch (error) {
    if (error instanceof HeadraceError) return error;
    throw error;
  }
  throw new TypeError('it did not fail');
}

/** Comes again when the registry has answered, as who can wait does. */
async function settled(registry: ConfluentRegistry, reference: SchemaReference): Promise<HeadraceError | undefined> {
  try {
    registry.writerSchema(reference);
  } catch {
    await registry.settled();
  }
  try {
    registry.writerSchema(reference);
    return undefined;
  } catch (error) {
    return error as HeadraceError;
  }
}

describe('a schema registry over its REST API', () => {
  it('is asked for the id of each schema that is written, which is registered where it has none', async () => {
    const first = await open();
    expect(server.requests).toEqual([`POST /subjects/${SUBJECT}`, `POST /subjects/${SUBJECT}/versions`]);
    const again = await open();
    expect(again.idOf(SUBJECT)).toBe(first.idOf(SUBJECT));
    expect(server.requests).toHaveLength(3);
    const serde = avroSerde<unknown>(schemas.get('transactions')!, SUBJECT, again);
    expect(serde.deserialize(serde.serialize(TRANSACTION))).toEqual(TRANSACTION);
    expect(serde.serialize(TRANSACTION)[4]).toBe(100);
    // What is written needs no further question.
    expect(server.requests).toHaveLength(3);
  });

  it('is not given a schema where that is not wanted', async () => {
    await expect(open({ isRegistering: false })).rejects.toMatchObject({
      code: 'SCHEMA_UNKNOWN',
      message: /register schemas\/transactions.avsc there/,
    });
  });

  it('is asked in the background for a schema that a record names, by id or GUID, once', async () => {
    const registry = await open();
    const { id, guid } = server.put('other', { type: 'record', name: 'Transaction', fields: [] });
    const error = failure(() => registry.writerSchema({ id }));
    expect(error).toMatchObject({ code: 'SCHEMA_UNAVAILABLE', retriable: true });
    failure(() => registry.writerSchema({ id }));
    expect(await settled(registry, { id })).toBeUndefined();
    expect(await settled(registry, { guid })).toBeUndefined();
    expect(registry.writerSchema({ id })).toBe(registry.writerSchema({ id }));
    expect(server.requests.slice(2)).toEqual([`GET /schemas/ids/${id}`, `GET /schemas/guids/${guid}`]);
  });

  it("knows a schema as missing by the registry's own word only, and asks again after a while", async () => {
    const registry = await open();
    expect(await settled(registry, { id: 101 })).toMatchObject({ code: 'SCHEMA_UNKNOWN', retriable: false });
    const { id } = server.put('late', SCHEMA);
    expect(id).toBe(101);
    expect(failure(() => registry.writerSchema({ id })).code).toBe('SCHEMA_UNKNOWN');
    now += 61_000;
    expect(await settled(registry, { id })).toBeUndefined();
    server.faults.push({ status: 404, body: '<html>no such page</html>' });
    expect(await settled(registry, { id: 999 })).toMatchObject({ code: 'SCHEMA_UNAVAILABLE', retriable: true });
  });

  it.each<readonly [string, Fault, RegExp]>([
    ['cuts the connection', 'cut', /does not answer/],
    ['never answers', 'silence', /does not answer \(within 300 ms\)/],
    ['fails', { status: 500, body: '{"error_code":50001,"message":"store timed out"}' }, /fails \(store timed out\)/],
    [
      'refuses the user',
      { status: 401, body: '{"error_code":401,"message":"Unauthorized"}' },
      /refuses the user \(Unauthorized\); write user and password/,
    ],
    ['answers something else', { status: 200, body: 'hello' }, /something else than JSON/],
  ])('that %s makes no record unreadable for good', async (_what, fault, message) => {
    const registry = await open();
    const { id } = server.put('other', SCHEMA);
    server.faults.push(fault);
    expect(await settled(registry, { id })).toMatchObject({ code: 'SCHEMA_UNAVAILABLE', retriable: true, message });
    // It is left alone for a second, then asked again.
    const asked = server.requests.length;
    expect(failure(() => registry.writerSchema({ id })).message).toMatch(message);
    expect(server.requests).toHaveLength(asked);
    now += 1_001;
    expect(await settled(registry, { id })).toBeUndefined();
  });

  it('that is down at the start is tried a few times, and told with its address but without its password', async () => {
    await server.close();
    const waits: number[] = [];
    const url = server.url.replace('http://', 'http://bank:s3cret@');
    const error = (await open({ url, sleep: async (ms) => void waits.push(ms) }).catch(
      (reason: unknown) => reason,
    )) as HeadraceError;
    expect(error).toMatchObject({ code: 'SCHEMA_UNAVAILABLE', retriable: true });
    expect(error.message).toContain(`${server.url} does not answer (ECONNREFUSED)`);
    expect(error.message).not.toContain('s3cret');
    expect(waits).toEqual([200, 400, 800]);
    await server.listen();
    server.faults.push('cut', { status: 503, body: '' });
    const registry = await open({ url });
    expect(registry.idOf(SUBJECT)).toBe(100);
    expect(server.authorizations.at(-1)).toBe(`Basic ${Buffer.from('bank:s3cret').toString('base64')}`);
  });

  it('that refuses a schema stops the start with its reason', async () => {
    server.faults.push({ status: 404, body: '{"error_code":40401,"message":"Subject not found"}' });
    server.faults.push({ status: 409, body: '{"error_code":409,"message":"READER_FIELD_MISSING_DEFAULT_VALUE"}' });
    await expect(open()).rejects.toMatchObject({ code: 'SCHEMA_INCOMPATIBLE', message: /READER_FIELD_MISSING/ });
  });

  it.each([
    ['is no Avro', { schemaType: 'PROTOBUF' }, /PROTOBUF, not Avro/],
    ['refers to others', { references: [{ name: 'x', subject: 'x', version: 1 }] }, /refers to other subjects/],
    ['is no schema', { schema: '{"type":"nonsense"}' }, /nonsense/],
  ])('whose schema %s is no fault of the connection', async (_what, extra, message) => {
    const registry = await open();
    const { id } = server.put('other', SCHEMA, extra);
    expect(await settled(registry, { id })).toMatchObject({ code: 'SCHEMA_INVALID', message });
  });

  it('must be named by a URL of http or https', async () => {
    await expect(open({ url: 'localhost' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(open({ url: 'ftp://localhost' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
