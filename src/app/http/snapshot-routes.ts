import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { HeadraceError } from '../../errors.ts';
import type { Snapshot } from '../backup/snapshot.ts';
import type { HeadraceNode } from '../node.ts';

/** A snapshot that its taker has not asked about for so long is given back: that process may have died. */
const LEASE_MS = 30_000;

interface Lease {
  readonly snapshot: Snapshot;
  readonly expiry: NodeJS.Timeout;
}

/** What another process needs of a snapshot. */
export interface SnapshotTaken {
  readonly id: string;
  readonly clickhouse: string;
}

/** Lets other processes of this machine copy the data directory, see Snapshots. The copying is theirs: here the sink is held, and files are kept. */
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
  server.post('/snapshots', async (): Promise<SnapshotTaken> => {
    const snapshot = await node.snapshot();
    const id = randomUUID();
    const expiry = setTimeout(() => {
      leases.delete(id);
      // What can't be removed now is removed at the next start.
      snapshot.release().catch(() => undefined);
    }, leaseMs);
    expiry.unref();
    leases.set(id, { snapshot, expiry });
    return { id, clickhouse: snapshot.clickhouse };
  });
  server.post<{ Params: { id: string } }>('/snapshots/:id/begun', async ({ params }) => {
    const { snapshot, expiry } = leaseOf(params.id);
    expiry.refresh();
    return { heldMs: await snapshot.begun() };
  });
  server.put<{ Params: { id: string } }>('/snapshots/:id', async ({ params }) => {
    leaseOf(params.id).expiry.refresh();
    return {};
  });
  server.delete<{ Params: { id: string } }>('/snapshots/:id', async ({ params }) => {
    const { snapshot, expiry } = leaseOf(params.id);
    clearTimeout(expiry);
    leases.delete(params.id);
    await snapshot.release();
    return {};
  });
}
