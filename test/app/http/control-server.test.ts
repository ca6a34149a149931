import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlServer, serveControl } from '../../../src/app/http/control-server.ts';
import { TOKEN_HEADER } from '../../../src/app/http/wire.ts';
import type { LocalNode } from '../../../src/app/local-node.ts';
import { RemoteNode } from '../../../src/app/remote-node.ts';
import { openTemporaryNode, PARTITIONS, transaction } from '../temporary-node.ts';

let node: LocalNode;
let server: ControlServer;
let remote: RemoteNode;
beforeEach(async () => {
  node = await openTemporaryNode();
  server = await serveControl(node, 0);
  remote = new RemoteNode(server.address, server.token, node.formats);
  return () => server.close();
});
afterEach(() => server.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${server.address}${path}`, { headers });

describe('the control server', () => {
  it('lets nobody in without the token', async () => {
    const wrong = server.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    for (const headers of [
      {},
      { [TOKEN_HEADER]: '' },
      { [TOKEN_HEADER]: wrong },
      { [TOKEN_HEADER]: `${server.token}x` },
    ]) {
      const response = await get('/control/topics', headers);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({
        title: 'Unauthorized',
        detail: expect.stringContaining(TOKEN_HEADER),
      });
    }
    // What stands outside of /control/ is no way in, either.
    expect((await get('/nothing')).status).toBe(401);
    expect((await get('/healthz?x')).status).toBe(401);
    expect((await get('/control/topics', { [TOKEN_HEADER]: server.token })).status).toBe(200);
  });

  it('says to everyone of this machine that it lives, and no more', async () => {
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it('listens on loopback only', async () => {
    const { port, hostname } = new URL(server.address);
    expect(hostname).toBe('127.0.0.1');
    const others = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      await expect(
        fetch(`http://${address}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) }),
      ).rejects.toThrow();
    }
  });

  it('carries records both ways without a change', async () => {
    const headers = [
      ['h', Buffer.from([0, 255, 128])],
      ['none', null],
    ] as const;
    const records = [
      { topic: 'transactions', partition: 1, timestamp: -5, key: null, value: Buffer.from([0xff, 0xfe, 0]), headers },
      { topic: 'transactions', partition: 1, timestamp: 7, key: Buffer.alloc(4), value: null },
    ];
    const positions = await remote.append(records);
    expect(positions).toEqual([0, 1].map((offset) => ({ topic: 'transactions', partition: 1, offset })));
    const read = await remote.read('transactions', 1, 0);
    expect(read).toEqual([
      { offset: 0, timestamp: -5, key: null, value: Buffer.from([0xff, 0xfe, 0]), headers },
      { offset: 1, timestamp: 7, key: Buffer.alloc(4), value: null, headers: [] },
    ]);
    expect(await remote.watermarks('transactions')).toEqual(await node.watermarks('transactions'));
    expect(await remote.topics()).toEqual(await node.topics());
  });

  it('tells errors with their code, and whether to try again', async () => {
    await expect(remote.watermarks('nope')).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN', retriable: false });
    await expect(remote.watermarks('a/../b')).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
    await expect(remote.read('transactions', PARTITIONS, 0)).rejects.toMatchObject({ code: 'PARTITION_UNKNOWN' });
    const rows = async () => {
      for await (const _chunk of remote.query('SELEC 1', 'json', false));
    };
    await expect(rows()).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('Syntax error'),
    });
  });

  it('refuses a body that is none of its own', async () => {
    const post = (body: string) =>
      fetch(`${server.address}/control/append`, {
        method: 'POST',
        body,
        headers: { [TOKEN_HEADER]: server.token, 'content-type': 'application/json' },
      });
    for (const body of ['{"records":[{"topic":"t"}]}', '{}', '{"__proto__":{"records":[]}}', '{']) {
      expect((await post(body)).status).toBeGreaterThanOrEqual(400);
    }
    expect(await node.watermarks('transactions')).toMatchObject(Array(PARTITIONS).fill({ end: 0 }));
  });

  it('shows the accounts of what was sent, once drained', { timeout: 30_000 }, async () => {
    const [position] = await remote.append([transaction('__proto__', 't')]);
    await remote.drain();
    expect(await remote.accounts(position!.partition)).toEqual([
      { accountId: '__proto__', sequence: 1, booked: { EUR: '10.00' }, held: { EUR: '0.00' } },
    ]);
    expect(await remote.status()).toMatchObject({ processed: 1, lag: 0, sinkLag: 0, deadLetters: 0 });
  });

  it('is missed where nobody listens any more', async () => {
    await server.close();
    await expect(remote.topics()).rejects.toMatchObject({ code: 'REMOTE_FAILED', retriable: true });
  });
});
