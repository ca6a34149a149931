/** What a reader sees in a view, or should see: each row as one text. */
export type Rows = readonly string[];

/** A row of the view `transactions` as far as sums need it. */
export interface Movement {
  readonly accountId: string;
  readonly currency: string;
  /** Credits above zero, debits below, in ten-thousandths. */
  readonly effect: bigint;
}

export interface SinkEvidence {
  /** By view: what follows from the log's records, and what ClickHouse shows. */
  readonly views: Readonly<Record<string, { readonly due: Rows; readonly shown: Rows }>>;
  /** As the views show them; in ten-thousandths. */
  readonly movements: readonly Movement[];
  readonly balances: ReadonlyMap<string, bigint>;
  readonly summaries: ReadonlyMap<string, bigint>;
  /** Records in the log that no table can hold, and what was set aside: topic, partition and offset of each. */
  readonly broken: readonly string[];
  readonly deadLetters: readonly string[];
  /** Partitions that the sink has not committed to their end, as `topic-partition: committed of end`. */
  readonly behind: readonly string[];
  /** The cut that is still under way, as JSON. */
  readonly intent: string | undefined;
}
