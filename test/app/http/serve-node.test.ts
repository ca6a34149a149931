import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { RemoteNode } from '../../../src/app/remote-node.ts';
import { readOwner } from '../../../src/storage/data-directory.ts';
import { type ApiTestOptions, dataPlace, openApi, payment } from './api/api-under-test.ts';

const place = dataPlace();
afterAll(() => place.remove());
let directories = 0;

async function opened(options: Partial<ApiTestOptions> = {}) {
  const dataDirectory = place.data(`d${directories++}`);
  const api = await openApi({ runsEngine: false, ...options, dataDirectory });
  onTestFinished(() => api.close());
  return { ...api, dataDirectory };
}

function keysFile(...keys: readonly (readonly [name: string, key: string])[]): string {
  const file = join(place.path, `keys-${directories}`);
  const lines = keys.map(([name, key]) => `${name}:${createHash('sha256').update(key).digest('hex')}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

describe('serving', () => {
  it('has API and commands at one address of this machine, each with its own way in', async () => {
    const { node, address, dataDirectory, get } = await opened();
    expect(new URL(address).hostname).toBe('127.0.0.1');
    const owner = await readOwner(dataDirectory);
    expect(owner!.address).toBe(address);
    expect(await new RemoteNode(owner!.address!, owner!.token!, node.formats).topics()).toEqual(await node.topics());
    expect((await get('/control/topics')).status).toBe(401);
    expect((await get('/openapi.json')).status).toBe(200);
  });

  it('lets only those in who present a key, where keys are given', async () => {
    const apiKeysFile = keysFile(['branch', 'key-1'], ['atm', 'key-2']);
    const { get, post } = await opened({ apiKeysFile });
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { 'x-api-key': 'key-3' },
      { authorization: 'Basic key-1' },
    ]) {
      const refused = await post('/transactions', payment('A', '1'), headers as Record<string, string>);
      expect(refused).toMatchObject({ status: 401, body: { code: 'KEY_UNKNOWN' } });
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await post('/transactions', payment('A', '1'), { authorization: 'Bearer key-1' })).status).toBe(202);
    expect((await post('/transactions', payment('A', '2'), { 'x-api-key': 'key-2' })).status).toBe(202);
    // Who watches it needs none, but figures are not for everyone.
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/metrics')).status).toBe(401);
    const document = (await get('/openapi.json')).body;
    expect(document.paths['/transactions'].post.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
    expect(document.paths['/healthz'].get.security).toBeUndefined();
  });

  it('keeps the idempotency keys of clients apart', async () => {
    const { post } = await opened({ apiKeysFile: keysFile(['a', 'key-1'], ['b', 'key-2']) });
    const send = (key: string, id: string) =>
      post('/transactions', payment('A', id), { 'x-api-key': key, 'idempotency-key': 'same' });
    expect((await send('key-1', '1')).status).toBe(202);
    expect((await send('key-2', '2')).status).toBe(202);
    expect((await send('key-1', '2')).status).toBe(422);
  });

  it('does not listen beyond this machine without keys', async () => {
    await expect(opened({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--api-keys'),
    });
  });

  it.skipIf(outside === undefined)('listens elsewhere with keys, and keeps the commands on loopback', async () => {
    const { address, dataDirectory, node } = await opened({ host: outside!, apiKeysFile: keysFile(['a', 'key-1']) });
    expect(new URL(address).hostname).toBe(outside);
    expect((await fetch(`${address}/cases`, { headers: { 'x-api-key': 'key-1' } })).status).toBe(200);
    expect((await fetch(`${address}/cases`)).status).toBe(401);
    expect((await fetch(`${address}/control/topics`)).status).toBe(404);
    const owner = await readOwner(dataDirectory);
    expect(new URL(owner!.address!).hostname).toBe('127.0.0.1');
    expect(await new RemoteNode(owner!.address!, owner!.token!, node.formats).topics()).toEqual(await node.topics());
  });

  it('speaks TLS with the files it is given', async () => {
    const [certificate, key] = [join(place.path, 'cert.pem'), join(place.path, 'key.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'],
        ...['-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    const { address } = await opened({ tls: { certificate, key } });
    expect(address).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      const asking = request(`${address}/healthz`, { rejectUnauthorized: false }, (answer) =>
        resolve(answer.statusCode),
      );
      asking.on('error', reject).end();
    });
    expect(status).toBe(200);
    await expect(opened({ tls: { certificate, key: certificate } })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(opened({ tls: { certificate: '/nowhere', key } })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('says which port is taken, and gives the data directory up', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const { node } = await opened();
    await expect(node.serveApi(port)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`Port ${port}`),
    });
  });
});
