import type { NewRecord } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';

/** What of one partition belongs to a cut: offsets from <= offset < to. */
export interface CutRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A vector of offset ranges that is inserted as one. Numbers count up from 1 without a gap, per sink. */
export interface Cut {
  readonly sink: string;
  readonly number: number;
  /** At most one for each partition. */
  readonly ranges: readonly CutRange[];
}

/** What a target made of a cut. */
export interface SinkWriteResult {
  readonly rows: number;
  /** Records that became dead letters because the target can not hold them. */
  readonly deadLetters: readonly NewRecord[];
}

/** What a target makes of the batches of a cut that is still open, while the cut before it is being written. */
export interface PreparedRows {
  /** Takes the next batch; those of one partition come in their order. Never throws: what is wrong shows in `write`. */
  add(batch: RecordBatch): void;
}

/** The port behind the sink worker. `settle` and `write` may be repeated with the same cut after a crash. */
export interface SinkTarget {
  /** The topics that it wants, each with a table behind it. */
  readonly topics: readonly string[];
  /** Begins a cut whose batches are told as they come; a target without it begins with `write`. */
  prepare?(): PreparedRows;
  /** Resolves when no earlier try at this cut is running any more. */
  settle(cut: Cut): Promise<void>;
  /**
   * Writes the records of a cut: what readers see afterwards is the same however often it is called. The batches of a
   * repeated cut may be split otherwise and reach beyond its ranges: only records inside of them count. `prepared` has
   * been told exactly these batches, none of which reaches beyond. Rejects with a retriable error when the target is
   * away or refuses for a reason that is to be mended (the worker tries again with back-off, the backlog stays in the log).
   */
  write(cut: Cut, batches: readonly RecordBatch[], prepared?: PreparedRows): Promise<SinkWriteResult>;
}
