import type { Transaction } from '../../log/log.ts';
import type { NewRecord } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { bufferByPartition } from './buffer-by-partition.ts';
import { intentChanges, intentCleared } from './sink-state.ts';
import type { Cut, PreparedRows } from './sink-target.ts';

/** A cut with its records; `prepared` is what the target has made of them. */
export interface CutAtHand {
  readonly cut: Cut;
  readonly batches: readonly RecordBatch[];
  readonly prepared?: PreparedRows | undefined;
  readonly isResumed: boolean;
}

/** How many records a cut spans. */
export function recordsOf({ ranges }: Cut): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The commit that makes the intent of a cut durable, where none is under way. */
export function beginningOf(cut: Cut): Omit<Transaction, 'epoch'> {
  return { records: [], offsets: [], stateChanges: [intentChanges(cut)] };
}

/** The commit of a cut whose rows are in; the intent of the next, if there is one, takes the place of its own. */
export function endOf(cut: Cut, deadLetters: readonly NewRecord[], next?: Cut): Omit<Transaction, 'epoch'> {
  return {
    records: bufferByPartition(deadLetters),
    offsets: cut.ranges.map(({ topic, partition, to }) => ({ topic, partition, offset: to })),
    stateChanges: [next === undefined ? intentCleared() : intentChanges(next)],
  };
}
