import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ApiLimits } from '../../../../src/app/http/api/api-limits.ts';
import { type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
afterAll(() => place.remove());
let directories = 0;

async function opened(limits: Partial<ApiLimits> = {}, runsEngine = false): Promise<ApiUnderTest> {
  const api = await openApi({ dataDirectory: place.data(`d${directories++}`), runsEngine, limits });
  onTestFinished(() => api.close());
  return api;
}

/** Says it byte for byte, and hears until the other side closes. */
function raw(address: string, text: string): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let heard = '';
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(heard) : reject(error),
    );
    socket.write(text);
  });
}

describe('a bad request', () => {
  it.each<[string, unknown, Record<string, string>, number, string]>([
    ['text', 'hello', { 'content-type': 'text/plain' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      'another character set',
      '{}',
      { 'content-type': 'application/json; charset=utf-16' },
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a broken content type', '{}', { 'content-type': 'json' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a compressed body', '{}', { 'content-encoding': 'gzip' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['no body', '', {}, 400, 'JSON_INVALID'],
    ['half a body', '{"transactionId":"t"', {}, 400, 'JSON_INVALID'],
    ['10,000 levels', '['.repeat(10_000), {}, 400, 'JSON_TOO_DEEP'],
    ['a name twice', '{"transactionId":"a","transactionId":"b"}', {}, 400, 'JSON_DUPLICATE_KEY'],
    ['half of a surrogate pair', '{"transactionId":"\\ud83d"}', {}, 400, 'JSON_LONE_SURROGATE'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), {}, 400, 'JSON_NOT_UTF8'],
    ['10 MB', Buffer.alloc(10_000_000, 0x20), {}, 413, 'BODY_TOO_LARGE'],
  ])('of %s is answered with a problem, and nothing is taken', async (_what, body, headers, status, code) => {
    const api = await opened();
    const answer = await api.post('/transactions', body, headers);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      type: expect.stringMatching(/^urn:headrace:problem:/),
      status,
      title: expect.any(String),
    });
    expect(await api.node.watermarks('transactions')).toMatchObject([{ end: 0 }, { end: 0 }]);
    expect((await api.get('/healthz')).status).toBe(200);
  });

  it('of a body that never says how long it is ends at the limit', async () => {
    const api = await opened({ bodyBytesMax: 1_000 });
    const heard = await raw(
      api.address,
      `POST /transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `800\r\n${' '.repeat(0x800)}\r\n0\r\n\r\n`,
    );
    expect(heard).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('for nothing there is, or in a way there is not', async () => {
    const api = await opened();
    expect(await api.get('/nothing')).toMatchObject({ status: 404, body: { code: 'PATH_UNKNOWN' } });
    expect(await api.get('/control/nothing')).toMatchObject({ status: 404 });
    const wrong = await api.get('/transactions');
    expect(wrong).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(wrong.headers.get('allow')).toBe('POST');
  });

  it('that is no HTTP, or has too large headers', async () => {
    const api = await opened();
    expect(await raw(api.address, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*HTTP_INVALID/);
    const large = await raw(
      api.address,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    );
    expect(large).toMatch(/^HTTP\/1\.1 431 [\s\S]*HEADERS_TOO_LARGE/);
  });

  it('under a name that is not of this machine: a page that had its name resolved to here', async () => {
    const api = await opened();
    const heard = await raw(api.address, 'GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    expect(heard).toMatch(/^HTTP\/1\.1 421 [\s\S]*HOST_UNKNOWN/);
  });
});

describe('the limits', () => {
  it('on the rate of a client answer 429 and when to try again', async () => {
    const api = await opened({ requestsPerSecond: 1, burst: 2 });
    const answers = await Promise.all([1, 2, 3].map((i) => api.post('/transactions', payment('A', `${i}`))));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 202, 429]);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(refused.headers.get('retry-after')).toBe('1');
    // Who watches it is not counted.
    expect((await api.get('/healthz')).status).toBe(200);
  });

  it('on what is under way answer 503, and nothing is lost of what was answered 202', async () => {
    const api = await opened({ requestsMax: 5 });
    const hold = await api.node.hold();
    const posts = Array.from({ length: 20 }, (_, i) => api.post('/transactions', payment('A', `${i}`)));
    await sleep(300);
    await hold.release();
    const answers = await Promise.all(posts);
    const taken = answers.filter(({ status }) => status === 202).length;
    expect(taken).toBe(5);
    expect(answers.filter(({ status, body }) => status === 503 && body.code === 'TOO_BUSY')).toHaveLength(15);
    expect((await api.node.watermarks('transactions')).reduce((sum, { end }) => sum + end, 0)).toBe(taken);
    expect((await api.get('/accounts/A/balance')).status).toBe(404);
  });

  it('on the bytes of bodies under way', async () => {
    const api = await opened({ requestBytesMax: 500 });
    const hold = await api.node.hold();
    const posts = [1, 2].map((i) => api.post('/transactions', payment('A', `${i}`, { description: 'x'.repeat(300) })));
    await sleep(200);
    await hold.release();
    expect((await Promise.all(posts)).map(({ status }) => status).sort()).toEqual([202, 503]);
  });

  it('on those who wait for a result', async () => {
    const api = await opened({ waitersMax: 1 });
    await api.post('/transactions', payment('A', 't'));
    const waiting = api.get('/accounts/A/transactions/t?waitMs=1000');
    await sleep(200);
    const { status, body } = await api.get('/accounts/A/transactions/t?waitMs=1000');
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'TOO_MANY_WAIT' });
    expect((await waiting).body).toMatchObject({ status: 'pending' });
  });

  it('on what is looked through for one answer', async () => {
    const api = await opened({ scannedRecordsMax: 10 });
    await api.post(
      '/transactions',
      Array.from({ length: 20 }, (_, i) => payment('A', `${i}`)),
    );
    expect(await api.get('/accounts/A/transactions/none')).toMatchObject({
      status: 503,
      body: { code: 'TOO_FAR_BEHIND' },
    });
  });
});

describe('readiness', () => {
  it('comes with the engine, life before it', async () => {
    const api = await opened();
    expect((await api.get('/healthz')).body).toEqual({ status: 'ok' });
    expect(await api.get('/readyz')).toMatchObject({ status: 503, body: { code: 'NOT_RUNNING' } });
    await api.node.start(() => undefined);
    expect((await api.get('/readyz')).body).toEqual({ status: 'ready' });
  });

  it('and the status of what waits for it: pending until it is processed', async () => {
    const api = await opened();
    await api.post('/transactions', payment('A', 't'));
    expect((await api.get('/accounts/A/transactions/t')).body).toEqual({
      accountId: 'A',
      transactionId: 't',
      status: 'pending',
    });
    const startedAt = performance.now();
    const waiting = api.get('/accounts/A/transactions/t?waitMs=30000');
    await api.node.start(() => undefined);
    expect((await waiting).body).toMatchObject({ status: 'posted' });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

describe('a graceful end', () => {
  it('answers what is under way and who waits, takes nothing more in, and loses nothing', async () => {
    const api = await opened();
    await api.post('/transactions', payment('A', '0'));
    const hold = await api.node.hold();
    const underWay = api.post('/transactions', payment('A', '1'));
    const waiting = api.get('/accounts/A/transactions/0?waitMs=30000');
    await sleep(200);
    const ended = api.node.endIntake();
    const late = await api.post('/transactions', payment('A', '2'));
    expect(late).toMatchObject({ status: 503, body: { code: 'ENDING' } });
    expect((await api.get('/readyz')).status).toBe(503);
    await hold.release();
    expect((await underWay).status).toBe(202);
    expect((await waiting).body).toMatchObject({ status: 'pending' });
    await ended;
    expect((await api.node.watermarks('transactions')).reduce((sum, { end }) => sum + end, 0)).toBe(2);
    await api.close();
    await expect(api.get('/healthz')).rejects.toThrow();
  });

  it('does not wait for a client that sends for ever', async () => {
    const api = await opened({ stopWaitMaxMs: 300 });
    const { hostname, port } = new URL(api.address);
    const slow = request({
      hostname,
      port,
      method: 'POST',
      path: '/transactions',
      headers: { 'content-type': 'application/json' },
    });
    slow.on('error', () => undefined);
    slow.write('{');
    await sleep(100);
    const startedAt = performance.now();
    await api.close();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('the figures', () => {
  it('have the names of Kafka Streams where it has one, and count by route, never by path', async () => {
    const api = await opened({}, true);
    await api.post('/transactions', [payment('secret-account', '1'), {}]);
    await api.get('/accounts/secret-account/transactions/1?waitMs=5000');
    await api.get('/accounts/4111111111111111/balance');
    const { text, headers } = await api.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toMatch(/^kafka_stream_thread_process_total\{thread_id="account-ledger-worker-0"\} 1$/m);
    expect(text).toMatch(/^kafka_stream_thread_commit_total\{thread_id="account-ledger-worker-0"\} [1-9]/m);
    expect(text).toContain('headrace_http_items_total{result="accepted"} 1');
    expect(text).toContain('headrace_http_items_total{result="refused"} 1');
    expect(text).toContain('headrace_http_refused_requests_total{code="CARD_NUMBER"} 1');
    expect(text).toMatch(/http_server_request_duration_seconds_count\{[^}]*http_route="\/transactions"[^}]*\} 1/);
    expect(text).not.toContain('secret-account');
    expect(text).not.toContain('4111111111111111');
  });
});
