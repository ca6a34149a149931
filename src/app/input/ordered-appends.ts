import { setTimeout as sleep } from 'node:timers/promises';
import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { NewRecord, RecordPosition } from '../../log/record.ts';

/** Records that set an append going at once when none is under way. */
const APPEND_RECORDS_MIN = 500;
export const APPEND_RECORDS_MAX = 5_000;
const APPEND_BYTES_MAX = 4 * 1024 * 1024;
/** Records and bytes that may wait behind the append under way. */
const WAITING_RECORDS_MAX = 10_000;
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** How long fewer records wait for more, where none is under way. */
const LINGER_MS = 20;
const RETRY_MS_MIN = 20;
const RETRY_MS_MAX = 1_000;
/** About a minute for a disk that stays full, an hour for a topic whose readers lag behind. */
const RETRIES_MAX: ReadonlyMap<string, number> = new Map([
  ['STORAGE_FULL', 60],
  ['LOG_BACKPRESSURE', 3_600],
]);

export interface OrderedAppendsOptions {
  readonly onAppended: (positions: readonly RecordPosition[]) => void;
  /** Told of every refusal after which it waits and tries again. */
  readonly onWaiting?: (error: HeadraceError, attempt: number) => void;
  readonly sleep?: (delayMs: number) => Promise<unknown>;
}

/**
 * Appends records strictly in their order. One append is under way at a time and the next gathers behind it: were there
 * two, the first could be refused and the second taken, and the records of an account would change places. What is
 * refused for want of room is tried again, with a back-off.
 */
export class OrderedAppends {
  readonly #log: Pick<Log, 'append'>;
  readonly #options: OrderedAppendsOptions;
  readonly #sleep: (delayMs: number) => Promise<unknown>;
  #waiting: NewRecord[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #linger: NodeJS.Timeout | undefined;
  #failure: unknown;

  constructor(log: Pick<Log, 'append'>, options: OrderedAppendsOptions) {
    this.#log = log;
    this.#options = options;
    this.#sleep = options.sleep ?? sleep;
  }

  /** Takes a record in; a promise is returned where there is no room for more, to be awaited before the next. */
  add(record: NewRecord): Promise<void> | undefined {
    this.#waiting.push(record);
    this.#waitingBytes += bytesOf(record);
    if (this.#running === undefined) {
      if (this.#waiting.length >= APPEND_RECORDS_MIN) this.#start();
      else this.#linger ??= setTimeout(() => this.#start(), LINGER_MS);
    }
    if (this.#failure !== undefined) return this.drain();
    const isFull = this.#waiting.length >= WAITING_RECORDS_MAX || this.#waitingBytes >= WAITING_BYTES_MAX;
    return isFull ? this.drain() : undefined;
  }

  /** Resolves when every record is acknowledged; throws what stopped the appends for good. */
  async drain(): Promise<void> {
    while (this.#failure === undefined && (this.#running !== undefined || this.#waiting.length > 0)) {
      this.#start();
      await this.#running;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #start(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (this.#running !== undefined || this.#failure !== undefined) return;
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#running = undefined;
        // A record added after the last look at what waits would wait for the next one.
        if (this.#waiting.length > 0) this.#start();
      });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      this.#options.onAppended(await this.#append(batch));
    }
  }

  #take(): readonly NewRecord[] {
    let count = 0;
    let bytes = 0;
    while (count < Math.min(this.#waiting.length, APPEND_RECORDS_MAX) && bytes < APPEND_BYTES_MAX) {
      bytes += bytesOf(this.#waiting[count]!);
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #append(batch: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#log.append(batch);
      } catch (error) {
        if (!(error instanceof HeadraceError) || attempt > (RETRIES_MAX.get(error.code) ?? 0)) throw error;
        this.#options.onWaiting?.(error, attempt);
        await this.#sleep(Math.min(RETRY_MS_MIN * 2 ** Math.min(attempt - 1, 10), RETRY_MS_MAX));
      }
    }
  }
}

function bytesOf({ key, value }: NewRecord): number {
  return (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
}
