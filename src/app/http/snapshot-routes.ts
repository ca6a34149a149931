import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { HeadraceError } from '../../errors.ts';
import type { Snapshot } from '../backup/snapshot.ts';
import type { HeadraceNode } from '../node.ts';

/** A snapshot that its taker has not asked about for so long is given back: that process may have died. */
const LEASE_MS = 30_000;
/** One question waits so long for the copy of the log. */
const AWAIT_MS = 3_000;

const takeBody = z.object({ logTarget: z.string() });

interface Lease {
  readonly snapshot: Snapshot;
  readonly expiry: NodeJS.Timeout;
}

/** What another process needs of a snapshot. */
export interface SnapshotTaken {
  readonly id: string;
  readonly clickhouse: string;
  readonly heldMs: number;
}

/** Lets other processes of this machine copy the data directory, see Snapshots. */
export function addSnapshotRoutes(
  server: FastifyInstance,
  node: Pick<HeadraceNode, 'snapshot'>,
  leaseMs = LEASE_MS,
): void {
  const leases = new Map<string, Lease>();
  const leaseOf = (id: string) => {
    const lease = leases.get(id);
    if (lease !== undefined) return lease;
    throw new HeadraceError(
      'NOT_RUNNING',
      'The snapshot has been given back before the backup was done; make it again',
    );
  };
  server.post('/snapshots', async (request): Promise<SnapshotTaken> => {
    const snapshot = await node.snapshot(takeBody.parse(request.body).logTarget);
    const id = randomUUID();
    const expiry = setTimeout(() => {
      leases.delete(id);
      void snapshot.release();
    }, leaseMs);
    expiry.unref();
    leases.set(id, { snapshot, expiry });
    return { id, clickhouse: snapshot.clickhouse, heldMs: snapshot.heldMs };
  });
  // Asked again and again until it is done, by which the snapshot stays.
  server.get<{ Params: { id: string } }>('/snapshots/:id', async ({ params }) => {
    const { snapshot, expiry } = leaseOf(params.id);
    expiry.refresh();
    const isLogCopied = await Promise.race([snapshot.logCopied().then(() => true), sleep(AWAIT_MS, false)]);
    return { isLogCopied };
  });
  server.delete<{ Params: { id: string } }>('/snapshots/:id', async ({ params }) => {
    const { snapshot, expiry } = leaseOf(params.id);
    clearTimeout(expiry);
    leases.delete(params.id);
    await snapshot.release();
    return {};
  });
}
