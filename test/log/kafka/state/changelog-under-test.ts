import { ChangelogKeyWriter } from '../../../../src/log/kafka/state/changelog-record.ts';
import type { ChangelogReader } from '../../../../src/log/kafka/state/restore.ts';
import type { TopicPartition } from '../../../../src/log/record.ts';
import { RecordBatch } from '../../../../src/log/record-batch.ts';
import { RecordBuffer } from '../../../../src/log/record-buffer.ts';

export interface Change {
  readonly store: string;
  readonly partition: number;
  readonly key: string;
  /** Null deletes. */
  readonly value: string | null;
}

/** A partition of a compacted topic as a reader of committed records sees it: offsets with gaps, an end, a last stable offset. */
export class ChangelogUnderTest implements ChangelogReader {
  readonly #records = new Map<number, Change>();
  /** Until when the tombstones at these offsets stay. */
  readonly #horizons = new Map<number, number>();
  readonly #fetchRecordsMax: number;
  end = 0;
  /** Records from here on are not readable yet. */
  lastStableOffset = Number.POSITIVE_INFINITY;

  constructor(fetchRecordsMax = 50) {
    this.#fetchRecordsMax = fetchRecordsMax;
  }

  /** One transaction: the records, and its marker. */
  append(changes: readonly Change[]): void {
    for (const change of changes) this.#records.set(this.end++, change);
    this.end++;
  }

  /**
   * Below the offset only the last record of each key stays. A tombstone goes only when `delete.retention.ms` have passed since the compaction
   * that first met it (KIP-534): whoever saw the value that it deletes has so long to come to it.
   */
  compact(below: number, now: number, deleteRetentionMs: number): void {
    const last = new Map<string, number>();
    for (const [offset, change] of this.#records) last.set(nameOf(change), offset);
    for (const [offset, change] of this.#records) {
      if (offset >= below) continue;
      if (change.value === null && !this.#horizons.has(offset)) this.#horizons.set(offset, now + deleteRetentionMs);
      const isOver = now >= (this.#horizons.get(offset) ?? Number.POSITIVE_INFINITY);
      if (last.get(nameOf(change)) !== offset || isOver) this.#records.delete(offset);
    }
  }

  /** What a reader of all that was ever appended would hold. */
  static fold(changes: readonly Change[]): ReadonlyMap<string, string> {
    const rows = new Map<string, string>();
    for (const change of changes) {
      if (change.value === null) rows.delete(nameOf(change));
      else rows.set(nameOf(change), change.value);
    }
    return rows;
  }

  async endOf(): Promise<number> {
    return this.end;
  }

  async fetch({ topic, partition }: TopicPartition, offset: number) {
    const readable = Math.min(this.end, this.lastStableOffset);
    const batches: RecordBatch[] = [];
    let [next, taken] = [offset, 0];
    while (next < readable && taken < this.#fetchRecordsMax) {
      const base = next;
      const buffer = new RecordBuffer();
      for (; next < readable && taken < this.#fetchRecordsMax && this.#records.has(next); next++, taken++) {
        const { store, partition: of, key, value } = this.#records.get(next)!;
        const bytes = new ChangelogKeyWriter(store, of).write(key);
        buffer.append(next, bytes, value === null ? null : Buffer.from(value), []);
      }
      let at = base;
      for (const { bytes, count } of buffer.batches()) {
        batches.push(new RecordBatch(topic, partition, 0, at, Buffer.from(bytes), count));
        at += count;
      }
      if (next === base) next++;
    }
    return { batches, nextOffset: next };
  }
}

export function nameOf({ store, partition, key }: Pick<Change, 'store' | 'partition' | 'key'>): string {
  return `${store} ${partition} ${key}`;
}
