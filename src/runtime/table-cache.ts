import type { Headers } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { CurrentRecord } from './current-record.ts';
import type { Receive } from './operators/receive.ts';

/** The last update of a key, and the record that made it. */
export interface CachedUpdate {
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp: number;
  /** The row that was last sent on; null where there was none. */
  readonly before: unknown;
  /** Grows with each update, so that keys are sent on in the order in which they changed last. */
  readonly order: number;
  readonly headers: Headers;
  /** Undefined for one that a punctuation or an idle tick made. */
  readonly batch: RecordBatch | undefined;
  readonly index: number;
  readonly offset: number;
  /** Of that record. */
  readonly recordTimestamp: number;
}

/**
 * The updates of one cached table that were not sent on yet: of each key the last one, with the row before the first. It holds
 * nothing that the log can't give again, and goes with its task. A record that fails takes back what it put in.
 */
export class TableCache {
  readonly table: string;
  readonly #record: CurrentRecord;
  readonly #next: Receive;
  #updates = new Map<string, CachedUpdate>();
  #order = 0;
  /** Batches that are kept for their records' sake. */
  readonly #batches = new Set<RecordBatch>();
  #inputBytes = 0;
  /** What the present record replaced, in order. */
  readonly #undoKeys: string[] = [];
  readonly #undoUpdates: (CachedUpdate | undefined)[] = [];
  #undoCount = 0;

  constructor(table: string, record: CurrentRecord, next: Receive) {
    this.table = table;
    this.#record = record;
    this.#next = next;
  }

  /** Keys that wait. */
  get size(): number {
    return this.#updates.size;
  }

  /** Bytes of the input that updates keep in memory. */
  get inputBytes(): number {
    return this.#inputBytes;
  }

  /** `name` stands for the key: the same bytes for the same key. */
  put(name: string, key: unknown, value: unknown, timestamp: number, before: unknown): void {
    const waiting = this.#updates.get(name);
    this.#undoKeys[this.#undoCount] = name;
    this.#undoUpdates[this.#undoCount++] = waiting;
    const { headers, batch, index, offset, timestamp: recordTimestamp } = this.#record;
    this.#updates.set(name, {
      key,
      value,
      timestamp,
      before: waiting === undefined ? before : waiting.before,
      order: this.#order++,
      headers,
      batch,
      index,
      offset,
      recordTimestamp,
    });
    if (batch !== undefined && !this.#batches.has(batch)) {
      this.#batches.add(batch);
      this.#inputBytes += batch.byteLength;
    }
  }

  beginRecord(): void {
    this.#undoCount = 0;
  }

  rollbackRecord(): void {
    while (this.#undoCount > 0) {
      const name = this.#undoKeys[--this.#undoCount]!;
      const waiting = this.#undoUpdates[this.#undoCount];
      if (waiting === undefined) this.#updates.delete(name);
      else this.#updates.set(name, waiting);
    }
  }

  /** Empties the cache; the last updates in the order in which they came. A row that came and went is none of them. */
  take(): readonly CachedUpdate[] {
    const updates = [...this.#updates.values()].filter(({ value, before }) => value !== null || before !== null);
    this.#updates = new Map();
    this.#batches.clear();
    this.#inputBytes = 0;
    this.#undoUpdates.length = 0;
    this.#undoCount = 0;
    return updates.sort((one, other) => one.order - other.order);
  }

  send({ key, value, timestamp, before }: CachedUpdate): void {
    this.#next(key, value, timestamp, before);
  }
}
