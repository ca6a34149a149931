import { existsSync, mkdirSync, statSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DatabaseOptions, open, type RootDatabase } from 'lmdb';
import { HeadraceError } from '../errors.ts';
import { databaseFault, requireSpace } from './database-file.ts';
import { storageError } from './storage-error.ts';
import { type KeyCodec, Table } from './table.ts';

/** Address space, not disk: LMDB never has to grow the map, and a full disk shows as ENOSPC instead. */
const MAP_BYTES = 2 ** 40;
const TABLES_MAX = 32;
const COPY_LOOK_MS = 2;

/** A copy of an environment that is being made. */
export interface EnvironmentCopy {
  /** Resolves when the moment of which the copy is has passed: what is committed from then on is not in it. */
  readonly begun: Promise<void>;
  /** Resolves when the copy is whole and on disk. Rejects with STORAGE_FULL, STORAGE_FAILED. */
  readonly done: Promise<void>;
}

/**
 * One LMDB environment: keyed tables of bytes and one synchronous commit. LMDB's default flags hold: a commit writes
 * its pages, syncs them, then writes the meta page that makes them valid through a descriptor opened with O_DSYNC.
 * `overlappingSync` (a default of the lmdb package) is off, because a commit must be synced when it returns.
 */
export class Environment {
  readonly #root: RootDatabase<Buffer, Uint8Array>;
  #isOpen = true;
  #isInTransaction = false;
  readonly #copies = new Set<Promise<void>>();

  private constructor(root: RootDatabase<Buffer, Uint8Array>) {
    this.#root = root;
  }

  /** Opens the environment in the directory `path`, which must exist. Throws STORAGE_FULL, STORAGE_FAILED. */
  static open(path: string, options: { readonly readOnly?: boolean } = {}): Environment {
    try {
      const fault = databaseFault(path);
      if (fault !== null) throw new HeadraceError('STORAGE_FAILED', fault);
      if (options.readOnly !== true) requireSpace(path);
      return new Environment(
        open<Buffer, Uint8Array>({
          path,
          noSubdir: false,
          mapSize: MAP_BYTES,
          maxDbs: TABLES_MAX,
          encoding: 'binary',
          keyEncoding: 'binary',
          compression: false,
          cache: false,
          overlappingSync: false,
          readOnly: options.readOnly ?? false,
        }),
      );
    } catch (error) {
      throw storageError(error, `opening ${path}`);
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether anything was ever stored, in whatever tables. */
  isEmpty(): boolean {
    for (const _ of this.#root.getKeys({ limit: 1 })) return false;
    return true;
  }

  /** The table of that name, created when it is missing; undefined where it is missing and the environment read-only. */
  table<K>(name: string, keys: KeyCodec<K>): Table<K> | undefined {
    try {
      const database = this.#root.openDB<Buffer, never>({
        name,
        encoding: 'binary',
        compression: false,
        cache: false,
        keyEncoder: { writeKey: keys.write, readKey: keys.read },
      } as DatabaseOptions & { name: string });
      return database === undefined ? undefined : new Table(database, name);
    } catch (error) {
      throw storageError(error, `opening the table ${name}`);
    }
  }

  /**
   * Runs `action` and commits what it wrote; on disk when this returns. Whatever `action` throws aborts it all. Reads
   * inside see its writes. Never nested. Throws STORAGE_FULL (retriable) and STORAGE_FAILED; nothing is written then.
   */
  transaction<T>(action: () => T): T {
    if (!this.#isOpen) throw new HeadraceError('LOG_CLOSED', 'The storage is closed');
    if (this.#isInTransaction) throw new HeadraceError('STORAGE_FAILED', 'A transaction was begun inside another');
    this.#isInTransaction = true;
    try {
      return this.#root.transactionSync(action);
    } catch (error) {
      throw storageError(error, 'committing');
    } finally {
      this.#isInTransaction = false;
    }
  }

  /**
   * Copies all tables as they are at one moment into the directory `path`, while readers and commits go on: LMDB reads them in one
   * read transaction, in a thread of its own. Free pages are left out. As long as it lasts the pages of that moment are not used
   * again, so the file grows by what is written meanwhile. A read-only environment can be copied as well, while another process
   * writes to it.
   */
  copyTo(path: string): EnvironmentCopy {
    if (!this.#isOpen) throw new HeadraceError('LOG_CLOSED', 'The storage is closed');
    let isEnded = false;
    const file = join(path, 'data.mdb');
    const hasFile = existsSync(file);
    const copied = (async () => {
      try {
        mkdirSync(path, { recursive: true });
        if (hasFile) throw new HeadraceError('STORAGE_FAILED', `There is a database in ${path} already`);
        await this.#root.backup(path, true);
        await syncFile(file);
      } catch (error) {
        throw storageError(error, `copying to ${path}`);
      } finally {
        isEnded = true;
      }
    })();
    copied.catch(() => undefined);
    const begun = (async () => {
      // LMDB begins its read transaction before it writes the first byte.
      while (!isEnded && !hasFile && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0)
        await sleep(COPY_LOOK_MS);
      if (isEnded || hasFile) await copied;
    })();
    begun.catch(() => undefined);
    const done = copied.finally(() => this.#copies.delete(done));
    done.catch(() => undefined);
    this.#copies.add(done);
    return { begun, done };
  }

  /**
   * Gives back what processes that were killed while they read have left in LMDB's table of readers, and says how many entries: until
   * then no page that they may have been reading is used again. Throws STORAGE_FAILED.
   */
  clearDeadReaders(): number {
    if (!this.#isOpen) throw new HeadraceError('LOG_CLOSED', 'The storage is closed');
    try {
      return this.#root.readerCheck();
    } catch (error) {
      throw storageError(error, 'looking for dead readers');
    }
  }

  /** Waits for copies that are being made. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await Promise.allSettled(this.#copies);
    await this.#root.close();
  }
}

/** Not in this thread: it takes as long as the disk needs for all of the copy. */
async function syncFile(path: string): Promise<void> {
  const file = await openFile(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
