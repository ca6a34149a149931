import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freezeEmbedded, removeFrozen } from '../../clickhouse/freeze.ts';
import type { Store } from '../../clickhouse/store.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { SinkTarget } from '../../runtime/sink/sink-target.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { type Hold, IntakeGate } from '../intake-gate.ts';

/** Where frozen copies of ClickHouse lie in a data directory, each in a directory of its own. */
const SNAPSHOTS = 'snapshots';
const CLICKHOUSE = 'clickhouse';
/** A cut that is being inserted ends in a second or two; one that does not is in trouble, and the backup is to say so. */
const INSERT_WAIT_MAX_MS = 30_000;

/** Whoever takes a snapshot begins to copy the log at once; the sink is not held longer for one that does not. */
const BEGIN_MAX_MS = 10_000;

/** A data directory at one moment, to be copied while it works on. Nothing is inserted into ClickHouse until `begun`. */
export interface Snapshot {
  /** Holds ClickHouse's files as they were at that moment; frozenFiles names them. */
  readonly clickhouse: string;
  /** Aborted, with the error, when the process that keeps the files no longer does. */
  readonly lost: AbortSignal;
  /**
   * To be called when the copy of the log has begun: the sink goes on. Resolves with the milliseconds for which it was held; a second
   * call too. Throws NOT_RUNNING where it came too late, and the sink has gone on before: the log no longer fits the files.
   */
  begun(): Promise<number>;
  /** Lets the sink go on, and removes the frozen files. A second call does nothing. */
  release(): Promise<void>;
}

export interface SnapshotsOptions {
  readonly directory: DataDirectory;
  readonly store: () => Promise<Store>;
  readonly clock: Clock;
  /** How long the sink is held for a copy of the log that does not begin, milliseconds. */
  readonly beginMaxMs?: number;
}

/**
 * Takes snapshots of a data directory. They are copied by whoever takes them, another process as a rule: one that keeps money is not
 * to run what only a backup runs. Between the moment at which ClickHouse is frozen and the one at which the copy of the log
 * begins no insert runs, so both together are what a kill of the process at the second moment would have left behind, and the
 * next start makes of them what it makes of that (docs/OPERATIONS.md). Everything else goes on.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #gate = new IntakeGate();
  readonly #open = new Set<Snapshot>();
  #isClosed = false;

  /** Removes what a process that was killed has left. */
  constructor(options: SnapshotsOptions) {
    this.#options = options;
    const snapshots = join(options.directory.path, SNAPSHOTS);
    if (existsSync(snapshots)) for (const id of readdirSync(snapshots)) removeFrozen(join(snapshots, id, CLICKHOUSE));
    rmSync(snapshots, { recursive: true, force: true });
  }

  /** What the sink is to write to, so that a snapshot can hold it between two inserts. */
  heldBack(target: SinkTarget): SinkTarget {
    return {
      topics: target.topics,
      ...(target.prepare === undefined ? {} : { prepare: () => target.prepare!() }),
      settle: (cut) => target.settle(cut),
      write: (cut, batches, prepared) => this.#gate.pass(() => target.write(cut, batches, prepared)),
    };
  }

  /** Throws BACKUP_UNSUPPORTED for a log on Kafka, CLICKHOUSE_FAILED (retriable where an insert does not end), STORAGE_FAILED. */
  async take(): Promise<Snapshot> {
    const { directory, store, clock } = this.#options;
    if (directory.logKind === 'kafka') throw unsupportedOnKafka();
    const { clickhouse: engine } = await store();
    if (engine.kind === 'server') throw unsupportedOnServer();
    const id = randomUUID();
    const home = join(directory.path, SNAPSHOTS, id);
    const clickhouse = join(home, CLICKHOUSE);
    // Of a backup that was killed while it copied.
    directory.environment.clearDeadReaders();
    const startedAt = clock();
    const hold = await this.#hold();
    try {
      await freezeEmbedded(engine, join(directory.path, 'clickhouse'), clickhouse, id.replaceAll('-', ''));
      if (this.#isClosed) throw new HeadraceError('NOT_RUNNING', 'The process that owns the data directory is ending');
    } catch (error) {
      await hold.release();
      removeFrozen(clickhouse);
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
    return this.#held(home, clickhouse, hold, startedAt);
  }

  /** Before ClickHouse and log are closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((snapshot) => snapshot.release()));
    this.#gate.releaseAll();
  }

  #held(home: string, clickhouse: string, hold: Hold, startedAt: number): Snapshot {
    const { directory, clock, beginMaxMs = BEGIN_MAX_MS } = this.#options;
    let heldMs: number | undefined;
    let [isVoid, isReleased] = [false, false];
    const letGo = async () => {
      clearTimeout(limit);
      isVoid = heldMs === undefined;
      await hold.release();
    };
    const limit = setTimeout(() => void letGo(), beginMaxMs);
    const snapshot: Snapshot = {
      clickhouse,
      lost: new AbortController().signal,
      begun: async () => {
        if (isVoid) throw tooLate(beginMaxMs);
        heldMs ??= clock() - startedAt;
        await letGo();
        return heldMs;
      },
      release: async () => {
        if (isReleased) return;
        isReleased = true;
        this.#open.delete(snapshot);
        await letGo();
        removeFrozen(clickhouse);
        rmSync(home, { recursive: true, force: true });
        directory.environment.clearDeadReaders();
      },
    };
    this.#open.add(snapshot);
    return snapshot;
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

function tooLate(maxMs: number): HeadraceError {
  return new HeadraceError(
    'NOT_RUNNING',
    `The copy of the log did not begin within ${maxMs / 1_000} s, for which ClickHouse's sink is held, so log and ClickHouse would not fit. Make the backup again, when the disks are less busy`,
  );
}

export function unsupportedOnServer(): HeadraceError {
  return new HeadraceError(
    'BACKUP_UNSUPPORTED',
    'With a ClickHouse server (--clickhouse) the rows are not in this data directory, and no copy of it fits them at another time. Back that server up by its own BACKUP, and leave the log as it is: the sink goes on where it was',
  );
}

export function unsupportedOnKafka(): HeadraceError {
  return new HeadraceError(
    'BACKUP_UNSUPPORTED',
    'With the log on Kafka there is nothing here of which a consistent backup could be made: log and changelogs are the brokers\' (replicate or mirror the topics there), the local state is built anew from them, and a ClickHouse copied here would not fit the offsets that the brokers have by the time it is restored. See "On Apache Kafka" in docs/OPERATIONS.md',
  );
}
