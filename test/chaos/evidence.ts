/**
 * What the auditor looks at: plain data from three places that share no code with each other on the way here. Amounts are
 * minor units.
 */
export interface Evidence {
  /** What the producer was to send, in order; `acknowledged` says that the log confirmed it. */
  readonly inputs: readonly SentTransaction[];
  readonly log: LogEvidence;
  readonly clickhouse: ClickHouseEvidence;
}

export interface SentTransaction {
  readonly transactionId: string;
  readonly accountId: string;
  readonly currency: string;
  /** Positive for credits, negative for debits. */
  readonly effect: bigint;
  /** The ledger may refuse it for lack of funds. */
  readonly isRequest: boolean;
  readonly acknowledged: boolean;
}

/** A record of the input topic. */
export interface LoggedTransaction {
  readonly transactionId: string;
  readonly accountId: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record of `ledger.transactions`, or a row of ClickHouse's transactions. */
export interface AcceptedTransaction {
  readonly transactionId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly sequence: number;
  readonly effect: bigint;
  readonly balanceAfter: bigint;
  readonly sourceTopic: string;
  readonly sourcePartition: number;
  readonly sourceOffset: number;
}

export interface RejectedTransaction {
  readonly code: string;
  readonly sourcePartition: number;
  readonly sourceOffset: number;
}

export interface Leg {
  readonly accountId: string;
  readonly sequence: number;
  readonly leg: number;
  readonly currency: string;
  readonly effect: bigint;
}

export interface Balance {
  readonly accountId: string;
  readonly currency: string;
  readonly booked: bigint;
}

export interface DaySummary {
  readonly accountId: string;
  readonly day: string;
  readonly currency: string;
  readonly credits: bigint;
  readonly debits: bigint;
  readonly count: number;
}

export interface LogEvidence {
  readonly transactions: readonly LoggedTransaction[];
  readonly accepted: readonly AcceptedTransaction[];
  readonly rejected: readonly RejectedTransaction[];
  readonly postings: readonly Leg[];
  /** The last record of each key. */
  readonly balances: readonly Balance[];
  readonly summaries: readonly DaySummary[];
}

export interface ClickHouseEvidence {
  readonly accepted: readonly AcceptedTransaction[];
  readonly rejected: readonly RejectedTransaction[];
  readonly postings: readonly Leg[];
  readonly balances: readonly Balance[];
  readonly summaries: readonly DaySummary[];
}
