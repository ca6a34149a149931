import { existsSync, readdirSync } from 'node:fs';
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
  const logTarget = join(data, '..', 'copy');
  const snapshot = await remote.snapshot(logTarget);
  await snapshot.logCopied();
  expect(readdirSync(logTarget)).toEqual(['data.mdb']);
  expect(readdirSync(snapshot.clickhouse).sort()).toEqual(['metadata', 'store']);
  await snapshot.release();
  await snapshot.release();
  expect(readdirSync(join(data, 'snapshots'))).toEqual([]);
  // What stops it is told as it is here: a log is there already.
  const refused = await remote.snapshot(logTarget).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining(logTarget) });
  expect(readdirSync(join(data, 'snapshots'))).toEqual([]);
});

it('a snapshot whose taker is gone is given back by itself', async () => {
  let isReleased = false;
  const snapshot: Snapshot = {
    clickhouse: '/frozen',
    heldMs: 3,
    logCopied: async () => {},
    release: async () => {
      isReleased = true;
    },
  };
  const server = newServer();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'));
  addSnapshotRoutes(server, { snapshot: async () => snapshot }, 1_500);
  onTestFinished(() => server.close());
  const taken = await server.inject({ method: 'POST', url: '/snapshots', payload: { logTarget: '/x' } });
  const { id } = taken.json<{ id: string }>();
  expect(taken.json()).toEqual({ id, clickhouse: '/frozen', heldMs: 3 });
  for (let i = 0; i < 4; i++) {
    await sleep(500);
    expect((await server.inject(`/snapshots/${id}`)).json()).toEqual({ isLogCopied: true });
  }
  expect(isReleased).toBe(false);
  await expect.poll(() => isReleased, { timeout: 10_000 }).toBe(true);
  expect((await server.inject(`/snapshots/${id}`)).statusCode).toBe(500);
  expect(existsSync('/frozen')).toBe(false);
});
