/**
 * Why an operator skipped a record by its rules, or one window of it: what Kafka Streams counts together as `dropped-records`.
 *
 * - `null key`, `null value`: the operator has no meaning for it.
 * - `null foreign key`: the row names no row of the other table (KIP-962).
 * - `late`: its window, or the time that it would have been joined in, had closed. Counted for each such window.
 * - `out of retention`: a change of a versioned table that is older than the history that it keeps.
 * - `superseded`: a change of a versioned table that is older than its present row, where present rows are followed (KIP-914).
 * - `error handler`: a handler answered `skip` to the operator's failure.
 */
export type SkipReason =
  | 'null key'
  | 'null value'
  | 'null foreign key'
  | 'late'
  | 'out of retention'
  | 'superseded'
  | 'error handler';

/** How many records one operator skipped for one reason. */
export interface SkippedRecords {
  readonly operator: string;
  readonly reason: SkipReason;
  readonly count: number;
}

export type OnSkipped = (operator: string, reason: SkipReason) => void;
