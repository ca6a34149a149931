import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { KafkaConnection } from '../../../../src/log/kafka/client/connection.ts';
import type { ConnectionOptions } from '../../../../src/log/kafka/client/connection-options.ts';
import {
  type Answer,
  API,
  bytes,
  type CameRequest,
  int16,
  int32,
  int64,
  prepareBroker,
  string,
} from './prepared-broker.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

/** Asks for what comes back as text; the body is the text itself. */
const echo = (text: string) => ({
  request: { apiKey: API.metadata, apiVersion: 1, apiName: 'Metadata', encode: async () => textEncoder(text) },
  response: { decode: async (raw: Buffer) => raw.toString(), parse: async (decoded: unknown) => String(decoded) },
});

/** What kafkajs takes for an encoder. */
const textEncoder = (text: string) => {
  const buffer = Buffer.from(text);
  return { buffer, size: () => buffer.length, offset: buffer.length };
};

async function open(
  answer: (request: CameRequest) => Answer | Promise<Answer>,
  options: Partial<ConnectionOptions> = {},
  tls?: { key: string; cert: string },
) {
  const broker = await prepareBroker(answer, tls);
  const connection = new KafkaConnection({ host: '127.0.0.1', port: broker.port }, { clientId: 'test', ...options });
  opened.push(connection, broker);
  return { broker, connection };
}

test('calls of connect at a time share one socket, and the versions are known', async () => {
  const { broker, connection } = await open(({ body }) => body);
  await Promise.all([connection.connect(), connection.connect(), connection.connect()]);
  expect(broker.connections()).toBe(1);
  expect(broker.requests.map(({ apiKey }) => apiKey)).toEqual([API.apiVersions]);
  expect(connection.versions.get(API.fetch)).toEqual({ minVersion: 0, maxVersion: 30 });
  expect(connection.isOpen).toBe(true);
});

test('many requests are in flight on one socket', async () => {
  const waiting: (() => void)[] = [];
  const { connection } = await open(async ({ body }) => {
    if (waiting.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    return body;
  });
  await connection.connect();
  const texts = Array.from({ length: 50 }, (_, at) => `request ${at}`);
  const answers = Promise.all(texts.map((text) => connection.send(echo(text), 5_000)));
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]?.();
  expect(await answers).toEqual(texts);
});

test('a lost connection rejects all that is in flight as unavailable, and stays lost', async () => {
  const { broker, connection } = await open(() => 'silence');
  await connection.connect();
  const answers = [connection.send(echo('a'), 5_000), connection.send(echo('b'), 5_000)];
  const outcomes = Promise.allSettled(answers);
  await expect.poll(() => broker.requests.length).toBe(3);
  for (const socket of broker.sockets) socket.destroy();
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'KAFKA_UNAVAILABLE', retriable: true } });
  }
  expect(connection.isOpen).toBe(false);
  await expect(connection.send(echo('c'), 5_000)).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
});

test('a request that is not answered in time ends the connection, and those behind it', async () => {
  const { broker, connection } = await open(() => 'silence');
  await connection.connect();
  const behind = connection.send(echo('behind'), 60_000);
  const began = performance.now();
  const [first, second] = await Promise.allSettled([connection.send(echo('late'), 100), behind]);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(first).toMatchObject({ reason: { code: 'KAFKA_UNAVAILABLE', message: expect.stringContaining('100 ms') } });
  expect(second).toMatchObject({ reason: { code: 'KAFKA_UNAVAILABLE', retriable: true } });
  expect(connection.isOpen).toBe(false);
  await expect.poll(() => broker.sockets.size).toBe(0);
});

test('closing rejects what is in flight', async () => {
  const { broker, connection } = await open(() => 'silence');
  await connection.connect();
  const sent = connection.send(echo('a'), 60_000);
  const outcome = expect(sent).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/was closed/),
  });
  await expect.poll(() => broker.requests.length).toBe(2);
  await connection.close();
  await outcome;
});

test('closing while it connects ends the attempt at once', async () => {
  const sasl = { mechanism: 'plain' as const, username: 'u', password: 'p' };
  const { connection } = await open(() => 'silence', { connectionTimeoutMs: 20_000, sasl });
  const outcome = expect(connection.connect()).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/was closed/),
  });
  const began = performance.now();
  await connection.close();
  await outcome;
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('nobody who answers: unavailable, with the address', async () => {
  const { broker, connection } = await open(() => 'silence');
  await broker.close();
  await expect(connection.connect()).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    retriable: true,
    message: expect.stringMatching(/127\.0\.0\.1:\d+: .*ECONNREFUSED/),
  });
});

test('a peer that accepts and says nothing is given up after the connection timeout', async () => {
  const { broker, connection } = await open(() => 'silence', {
    connectionTimeoutMs: 150,
    sasl: { mechanism: 'plain', username: 'u', password: 'p' },
  });
  await expect(connection.connect()).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/150 ms to connect/),
  });
  await expect.poll(() => broker.sockets.size).toBe(0);
});

test('a reader that cannot read its answer throws what it throws, and the connection lives on', async () => {
  const { connection } = await open(({ body }) => body);
  await connection.connect();
  const unreadable = new RangeError('too short');
  const { request, response } = echo('x');
  const decode = () => Promise.reject(unreadable);
  await expect(connection.send({ request, response: { ...response, decode } }, 1_000)).rejects.toBe(unreadable);
  expect(await connection.send(echo('y'), 1_000)).toBe('y');
});

test('an answer that says so is heeded: the next request waits (KIP-219)', async () => {
  const { connection } = await open(({ body }) => body);
  await connection.connect();
  const { request, response } = echo('x');
  const decode = async () => ({ clientSideThrottleTime: 150 });
  await connection.send({ request, response: { ...response, decode } }, 1_000);
  const began = performance.now();
  expect(await connection.send(echo('later'), 1_000)).toBe('later');
  expect(performance.now() - began).toBeGreaterThan(120);
});

test('an idle connection has no timer and sends nothing', async () => {
  const { broker, connection } = await open(({ body }) => body);
  await connection.connect();
  await connection.send(echo('x'), 10_000);
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const { connection: other } = await open(({ body }) => body);
  await other.connect();
  await other.send(echo('x'), 10_000);
  expect(timers()).toBe(before);
  expect(broker.requests).toHaveLength(2);
});

const PLAIN_OK = Buffer.from('\0alice\0secret');

/** A broker with SASL/PLAIN whose sessions last as long as told. */
const plainBroker = (lifetimeMs: number) => {
  let isAuthenticated = false;
  return ({ apiKey, body }: CameRequest): Answer => {
    if (apiKey === API.saslHandshake) return Buffer.concat([int16(0), int32(1), string('PLAIN')]);
    if (apiKey !== API.saslAuthenticate) return isAuthenticated ? body : 'close';
    isAuthenticated = body.subarray(4).equals(PLAIN_OK);
    const refusal = Buffer.concat([int16(58), string('Authentication failed'), bytes(Buffer.alloc(0)), int64(0)]);
    return isAuthenticated ? Buffer.concat([int16(0), int16(-1), bytes(Buffer.alloc(0)), int64(lifetimeMs)]) : refusal;
  };
};

test('SASL/PLAIN: authenticates before the first request', async () => {
  const sasl = { mechanism: 'plain' as const, username: 'alice', password: 'secret' };
  const { connection } = await open(plainBroker(0), { sasl });
  await connection.connect();
  expect(await connection.send(echo('in'), 1_000)).toBe('in');
});

test('SASL/PLAIN: wrong credentials are refused, not unavailable', async () => {
  const sasl = { mechanism: 'plain' as const, username: 'alice', password: 'wrong' };
  const { connection } = await open(plainBroker(0), { sasl });
  await expect(connection.connect()).rejects.toMatchObject({
    code: 'KAFKA_REFUSED',
    retriable: false,
    message: expect.stringMatching(/Authentication failed.*check user, password/),
  });
});

test('a mechanism that the broker does not have is refused', async () => {
  const sasl = { mechanism: 'scram-sha-256' as const, username: 'alice', password: 'secret' };
  const { connection } = await open(plainBroker(0), { sasl });
  await expect(connection.connect()).rejects.toMatchObject({
    code: 'KAFKA_REFUSED',
    message: expect.stringMatching(/SCRAM-SHA-256/),
  });
});

test('a client without credentials at a listener with SASL is told what may be wrong', async () => {
  const { connection } = await open(plainBroker(0));
  await connection.connect();
  await expect(connection.send(echo('x'), 1_000)).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
    message: expect.stringMatching(/want SASL/),
  });
});

test('a session is renewed near its end, once, while requests go on (KIP-368)', async () => {
  const sasl = { mechanism: 'plain' as const, username: 'alice', password: 'secret' };
  const { broker, connection } = await open(plainBroker(1_200), { sasl });
  await connection.connect();
  const until = performance.now() + 1_300;
  while (performance.now() < until) {
    const texts = ['a', 'b', 'c'];
    expect(await Promise.all(texts.map((text) => connection.send(echo(text), 1_000)))).toEqual(texts);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  const renewals = broker.requests.filter(({ apiKey }) => apiKey === API.saslAuthenticate).length - 1;
  // A second one where this machine was so slow that the session after the first came near its end too.
  expect([1, 2]).toContain(renewals);
});

test.runIf(hasOpenssl)(
  'TLS: a certificate that nobody vouches for is refused; one that is named is taken',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'headrace-tls-'));
    try {
      const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const kind = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ];
      execFileSync('openssl', [...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
      const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
      const stranger = await open(({ body }) => body, { tls: true }, pair);
      await expect(stranger.connection.connect()).rejects.toMatchObject({
        code: 'KAFKA_REFUSED',
        message: expect.stringMatching(/certificate/),
      });
      const known = await open(({ body }) => body, { tls: { ca: pair.cert } }, pair);
      await known.connection.connect();
      expect(await known.connection.send(echo('secret'), 1_000)).toBe('secret');
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
