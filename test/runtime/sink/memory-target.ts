import { HeadraceError } from '../../../src/errors.ts';
import type { RecordBatch } from '../../../src/log/record-batch.ts';
import { sinkDeadLetter } from '../../../src/runtime/sink/sink-dead-letter.ts';
import type { Cut, SinkTarget, SinkWriteResult } from '../../../src/runtime/sink/sink-target.ts';

/** A target that keeps its rows in memory, drops a cut number that it has seen, and notices every breach of the protocol. */
export class MemoryTarget implements SinkTarget {
  readonly topics: readonly string[];
  /** Values in the order of their arrival. */
  readonly values: string[] = [];
  readonly cuts = new Map<number, string>();
  readonly breaches: string[] = [];
  settled = 0;
  /** Before a write: what to throw, or nothing. */
  fault: (cut: Cut) => HeadraceError | undefined = () => undefined;
  #lastNumber = 0;

  constructor(topics: readonly string[]) {
    this.topics = topics;
  }

  settle(): Promise<void> {
    this.settled++;
    return Promise.resolve();
  }

  async write(cut: Cut, batches: readonly RecordBatch[]): Promise<SinkWriteResult> {
    const fault = this.fault(cut);
    if (fault !== undefined) throw fault;
    const ranges = JSON.stringify(cut.ranges);
    const seen = this.cuts.get(cut.number);
    if (seen === undefined && cut.number !== this.#lastNumber + 1)
      this.breaches.push(`cut ${cut.number} after ${this.#lastNumber}`);
    if (seen !== undefined && seen !== ranges) this.breaches.push(`cut ${cut.number} came with other ranges`);
    const result = this.#take(cut, batches, seen === undefined);
    this.cuts.set(cut.number, ranges);
    this.#lastNumber = Math.max(this.#lastNumber, cut.number);
    return result;
  }

  #take(cut: Cut, batches: readonly RecordBatch[], isNew: boolean): SinkWriteResult {
    const deadLetters = [];
    let rows = 0;
    for (const batch of batches) {
      const range = cut.ranges.find((each) => each.topic === batch.topic && each.partition === batch.partition);
      for (let i = 0; i < batch.length; i++) {
        const offset = batch.offsetAt(i);
        if (range === undefined || offset < range.from || offset >= range.to) continue;
        const value = Buffer.from(batch.valueAt(i) ?? []).toString();
        if (value.startsWith('bad')) {
          deadLetters.push(sinkDeadLetter(cut.sink, batch, i, new HeadraceError('SINK_ROW_REFUSED', 'too bad')));
          continue;
        }
        rows++;
        if (isNew) this.values.push(value);
      }
    }
    return { rows, deadLetters };
  }
}
