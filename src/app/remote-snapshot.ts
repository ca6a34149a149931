import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from './backup/snapshot.ts';
import type { SnapshotTaken } from './http/snapshot-routes.ts';

/** Between two questions, by which the snapshot stays while its files are copied. */
const RENEWAL_MS = 2_000;

/** Asks the process that owns the data directory about one snapshot. */
export interface SnapshotCalls {
  ask(): Promise<{ readonly isLogCopied: boolean }>;
  release(): Promise<void>;
}

/** A snapshot in another process, kept until it is released; what ends it is thrown by `logCopied`. */
export function remoteSnapshot({ clickhouse, heldMs }: SnapshotTaken, calls: SnapshotCalls): Snapshot {
  const end = new AbortController();
  let isReleased = false;
  const copied = (async () => {
    while (!(await calls.ask()).isLogCopied);
  })();
  copied.catch(() => undefined);
  // The files may take longer than the log: it stays alive until they are done.
  const kept = (async () => {
    await copied;
    while (!end.signal.aborted) {
      await sleep(RENEWAL_MS, undefined, { signal: end.signal }).catch(() => undefined);
      if (!end.signal.aborted) await calls.ask();
    }
  })();
  kept.catch(() => undefined);
  return {
    clickhouse,
    heldMs,
    logCopied: () => copied,
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      end.abort();
      await calls.release();
    },
  };
}
