import type { RecordBatch } from '../../log/record-batch.ts';
import type { CutRange, PreparedRows } from './sink-target.ts';

/** Batches that are polled and not cut yet. */
export class OpenCut {
  /** What the target has made of the batches so far. */
  readonly prepared: PreparedRows | undefined;
  readonly #batches: RecordBatch[] = [];
  readonly #ranges = new Map<string, { topic: string; partition: number; from: number; to: number }>();
  #recordCount = 0;
  #byteLength = 0;
  #firstAtMs = 0;

  constructor(prepared?: PreparedRows) {
    this.prepared = prepared;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** What its batches keep in memory. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** When the first of its batches came; only while there is one. */
  get firstAtMs(): number {
    return this.#firstAtMs;
  }

  get batches(): readonly RecordBatch[] {
    return this.#batches;
  }

  add(batch: RecordBatch, nowMs: number): void {
    if (batch.length === 0) return;
    if (this.#recordCount === 0) this.#firstAtMs = nowMs;
    this.#batches.push(batch);
    this.#recordCount += batch.length;
    this.#byteLength += batch.byteLength;
    const key = `${batch.topic}-${batch.partition}`;
    const from = batch.offsetAt(0);
    const to = batch.offsetAt(batch.length - 1) + 1;
    const range = this.#ranges.get(key);
    if (range === undefined) this.#ranges.set(key, { topic: batch.topic, partition: batch.partition, from, to });
    else range.to = to;
    this.prepared?.add(batch);
  }

  ranges(): readonly CutRange[] {
    return [...this.#ranges.values()];
  }
}
