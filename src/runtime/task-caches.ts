import { HeadraceError } from '../errors.ts';
import { NO_HEADERS } from '../log/record.ts';
import type { CurrentRecord } from './current-record.ts';
import type { FailureGate, RecordFailures } from './record-failure.ts';
import type { CachedUpdate, TableCache } from './table-cache.ts';

/** A task whose caches hold so many keys sends them on before it takes another record. */
export const CACHED_KEYS_MAX = 50_000;
/** The same where so much input is kept for the sake of the records that made the updates, bytes. */
export const CACHED_INPUT_BYTES_MAX = 16 * 1024 * 1024;

export interface TaskCachesOptions {
  readonly caches: readonly TableCache[];
  readonly record: CurrentRecord;
  readonly failures: RecordFailures;
  /** The savepoint of the task. */
  readonly begin: () => void;
  readonly rollback: () => void;
  /** Looks at what sending an update has done; what it throws undoes that. */
  readonly check: () => void;
}

/** What was sent on before is long past its gate: nothing waits behind such a dead letter. */
const NO_GATE: FailureGate = { failed: () => NO_HEADERS, settle: () => {} };

/** The caches of a task's cached tables, parents before children, and how what they hold is sent on. */
export class TaskCaches {
  readonly #options: TaskCachesOptions;

  private constructor(options: TaskCachesOptions) {
    this.#options = options;
  }

  /** Undefined where no table is cached, so that such a task does nothing about it. */
  static of(options: TaskCachesOptions): TaskCaches | undefined {
    return options.caches.length === 0 ? undefined : new TaskCaches(options);
  }

  get isFull(): boolean {
    let keys = 0;
    let bytes = 0;
    for (const cache of this.#options.caches) {
      keys += cache.size;
      bytes += cache.inputBytes;
    }
    return keys >= CACHED_KEYS_MAX || bytes >= CACHED_INPUT_BYTES_MAX;
  }

  /** Sends everything on. What that brings to a cached table further below is sent on as well. */
  flush(): void {
    for (const cache of this.#options.caches) {
      for (const update of cache.take()) this.#send(cache, update);
    }
  }

  /**
   * One update, whole or not at all, as if its record were in process: with its headers, and where it fails it is that record which
   * becomes a dead letter. The table's own row stays, for later records have built on it.
   */
  #send(cache: TableCache, update: CachedUpdate): void {
    const { record, failures, begin, rollback, check } = this.#options;
    const { batch, index, offset, recordTimestamp, headers } = update;
    if (batch === undefined) record.leave(recordTimestamp);
    else record.moveTo(batch, index, offset, recordTimestamp);
    record.replaceHeaders(headers);
    begin();
    try {
      cache.send(update);
      if (failures.decided !== undefined) throw failures.decided;
      check();
    } catch (error) {
      rollback();
      const told = inUpdateOf(cache.table, error);
      if (batch === undefined) failures.failedWithoutRecord(recordTimestamp, told);
      else failures.failed(batch, index, recordTimestamp, told, NO_GATE);
    }
  }
}

/** A letter must say that its record has changed the table: to process it once more would count it twice. */
function inUpdateOf(table: string, error: unknown): HeadraceError {
  const reason = error instanceof Error ? error.message : String(error);
  const { code, where, retriable } =
    error instanceof HeadraceError ? error : new HeadraceError('PROCESSING_FAILED', reason);
  const message = `${reason} (the update of the cached table ${table} was not sent on; its row stays as it is)`;
  return new HeadraceError(code, message, { cause: error, where, retriable });
}
