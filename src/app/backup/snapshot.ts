import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freezeEmbedded } from '../../clickhouse/freeze.ts';
import type { Store } from '../../clickhouse/store.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { SinkTarget } from '../../runtime/sink/sink-target.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { type Hold, IntakeGate } from '../intake-gate.ts';

/** Where frozen copies of ClickHouse lie in a data directory, each in a directory of its own. */
const SNAPSHOTS = 'snapshots';
/** A cut that is being inserted ends in a second or two; one that does not is in trouble, and the backup is to say so. */
const INSERT_WAIT_MAX_MS = 30_000;

/** A data directory at one moment, to be copied while it works on. */
export interface Snapshot {
  /** Holds ClickHouse's files as they were at that moment. */
  readonly clickhouse: string;
  /** How long the sink was held, milliseconds. */
  readonly heldMs: number;
  /** Resolves when the copy of the log is whole and on disk. Rejects with STORAGE_FULL, STORAGE_FAILED. */
  logCopied(): Promise<void>;
  /** Removes the frozen files; waits for the copy of the log. A second call does nothing. */
  release(): Promise<void>;
}

export interface SnapshotsOptions {
  readonly directory: DataDirectory;
  readonly store: () => Promise<Store>;
  readonly clock: Clock;
}

/**
 * Takes snapshots of a data directory. Between the moment at which ClickHouse is frozen and the one at which the copy of the log
 * begins no insert runs, so both together are what a kill of the process at the second moment would have left behind, and the
 * next start makes of them what it makes of that (docs/OPERATIONS.md). Everything else goes on.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #gate = new IntakeGate();
  readonly #open = new Set<Snapshot>();

  /** Removes what a process that was killed has left. */
  constructor(options: SnapshotsOptions) {
    this.#options = options;
    rmSync(join(options.directory.path, SNAPSHOTS), { recursive: true, force: true });
  }

  /** What the sink is to write to, so that a snapshot can hold it between two inserts. */
  heldBack(target: SinkTarget): SinkTarget {
    return {
      topics: target.topics,
      settle: (cut) => target.settle(cut),
      write: (cut, batches) => this.#gate.pass(() => target.write(cut, batches)),
    };
  }

  /**
   * The log goes into the directory `logTarget`, which must not hold one yet. Throws BACKUP_UNSUPPORTED for a log on Kafka,
   * CLICKHOUSE_FAILED (retriable where an insert does not end), STORAGE_FULL, STORAGE_FAILED.
   */
  async take(logTarget: string): Promise<Snapshot> {
    const { directory, store, clock } = this.#options;
    if (directory.logKind === 'kafka') throw unsupportedOnKafka();
    const { clickhouse: engine } = await store();
    const id = randomUUID();
    const home = join(directory.path, SNAPSHOTS, id);
    const clickhouse = join(home, 'clickhouse');
    const startedAt = clock();
    const hold = await this.#hold();
    try {
      await freezeEmbedded(engine, join(directory.path, 'clickhouse'), clickhouse, id.replaceAll('-', ''));
      const log = directory.environment.copyTo(logTarget);
      await log.begun;
      const snapshot: Snapshot = {
        clickhouse,
        heldMs: clock() - startedAt,
        logCopied: () => log.done,
        release: async () => {
          await log.done.catch(() => undefined);
          rmSync(home, { recursive: true, force: true });
          this.#open.delete(snapshot);
        },
      };
      this.#open.add(snapshot);
      return snapshot;
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    } finally {
      await hold.release();
    }
  }

  /** Before ClickHouse and log are closed: waits for copies under way. */
  async close(): Promise<void> {
    this.#gate.releaseAll();
    await Promise.all([...this.#open].map((snapshot) => snapshot.release()));
  }

  /** Resolves between two inserts; none begins until it is released. */
  async #hold(): Promise<Hold> {
    const held = this.#gate.hold();
    const done = new AbortController();
    const late = sleep(INSERT_WAIT_MAX_MS, undefined, { signal: done.signal }).catch(() => undefined);
    try {
      const hold = await Promise.race([held, late]);
      if (hold !== undefined) return hold;
    } finally {
      done.abort();
    }
    void held.then((hold) => hold.release());
    throw new HeadraceError(
      'CLICKHOUSE_FAILED',
      `An insert into ClickHouse has been running for ${INSERT_WAIT_MAX_MS / 1_000} s, so there is no moment to copy. Look at what holds it up, then make the backup again`,
      { retriable: true },
    );
  }
}

export function unsupportedOnKafka(): HeadraceError {
  return new HeadraceError(
    'BACKUP_UNSUPPORTED',
    'With the log on Kafka there is nothing here of which a consistent backup could be made: log and changelogs are the brokers\' (replicate or mirror the topics there), the local state is built anew from them, and a ClickHouse copied here would not fit the offsets that the brokers have by the time it is restored. See "On Apache Kafka" in docs/OPERATIONS.md',
  );
}
