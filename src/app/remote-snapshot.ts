import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from './backup/snapshot.ts';
import type { SnapshotTaken } from './http/snapshot-routes.ts';

/** The snapshot stays as long as it is asked for. */
const RENEWAL_MS = 2_000;

/** Asks the process that owns the data directory about one snapshot. */
export interface SnapshotCalls {
  begun(): Promise<number>;
  renew(): Promise<void>;
  release(): Promise<void>;
}

/** A snapshot in another process, kept until it is released. */
export function remoteSnapshot({ clickhouse }: SnapshotTaken, calls: SnapshotCalls): Snapshot {
  const [end, lost] = [new AbortController(), new AbortController()];
  const keep = async () => {
    for (;;) {
      await sleep(RENEWAL_MS, undefined, { signal: end.signal }).catch(() => undefined);
      if (end.signal.aborted) return;
      await calls.renew();
    }
  };
  // What comes once it is released is no loss.
  void keep().catch((error: unknown) => end.signal.aborted || lost.abort(error));
  return {
    clickhouse,
    lost: lost.signal,
    begun: () => calls.begun(),
    release: async () => {
      if (end.signal.aborted) return;
      end.abort();
      await calls.release();
    },
  };
}
