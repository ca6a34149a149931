import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Snapshot } from '../../../src/app/backup/snapshot.ts';
import { serveControl } from '../../../src/app/http/control-server.ts';
import { newServer } from '../../../src/app/http/listen.ts';
import { addSnapshotRoutes } from '../../../src/app/http/snapshot-routes.ts';
import { RemoteNode } from '../../../src/app/remote-node.ts';
import { openTemporaryNode, temporaryData, transaction } from '../temporary-node.ts';

it('another process takes a snapshot and gives it back', async () => {
  const data = temporaryData();
  const node = await openTemporaryNode(data);
  await node.append([transaction('A', 't1')]);
  await node.drain();
  const server = await serveControl(node, 0);
  onTestFinished(() => server.close());
  const remote = new RemoteNode(server.address, server.token, node.formats);
  const snapshot = await remote.snapshot();
  // The sink waits; what is taken in and processed does not.
  await node.append([transaction('A', 't2')]);
  await sleep(500);
  expect((await node.status()).sinkLag).toBeGreaterThan(0);
  expect(await snapshot.begun()).toBeGreaterThanOrEqual(500);
  await node.drain();
  expect(readdirSync(snapshot.clickhouse).sort()).toEqual(['metadata', 'store']);
  await snapshot.release();
  await snapshot.release();
  expect(readdirSync(join(data, 'snapshots'))).toEqual([]);
  await expect(snapshot.begun()).rejects.toMatchObject({
    code: 'NOT_RUNNING',
    message: expect.stringContaining('make it again'),
  });
});

it('one who has taken a snapshot learns that its owner is gone', async () => {
  const node = await openTemporaryNode();
  await node.append([transaction('A', 't1')]);
  await node.drain();
  const server = await serveControl(node, 0);
  const snapshot = await new RemoteNode(server.address, server.token, node.formats).snapshot();
  await snapshot.begun();
  expect(snapshot.lost.aborted).toBe(false);
  await server.close();
  await expect.poll(() => snapshot.lost.aborted, { timeout: 10_000 }).toBe(true);
  expect(snapshot.lost.reason).toMatchObject({ code: 'REMOTE_FAILED' });
  await expect(snapshot.release()).rejects.toMatchObject({ code: 'REMOTE_FAILED' });
});

it('a snapshot whose taker is gone is given back by itself', async () => {
  let isReleased = false;
  const snapshot: Snapshot = {
    clickhouse: '/frozen',
    lost: new AbortController().signal,
    begun: async () => 3,
    release: async () => {
      isReleased = true;
    },
  };
  const server = newServer();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'));
  addSnapshotRoutes(server, { snapshot: async () => snapshot }, 1_500);
  onTestFinished(() => server.close());
  const taken = await server.inject({ method: 'POST', url: '/snapshots', payload: {} });
  const { id } = taken.json<{ id: string }>();
  expect(taken.json()).toEqual({ id, clickhouse: '/frozen' });
  const url = `/snapshots/${id}`;
  expect((await server.inject({ method: 'POST', url: `${url}/begun`, payload: {} })).json()).toEqual({ heldMs: 3 });
  for (let i = 0; i < 4; i++) {
    await sleep(500);
    expect((await server.inject({ method: 'PUT', url })).statusCode).toBe(200);
  }
  expect(isReleased).toBe(false);
  await expect.poll(() => isReleased, { timeout: 10_000 }).toBe(true);
  expect((await server.inject({ method: 'PUT', url })).statusCode).toBe(500);
});
