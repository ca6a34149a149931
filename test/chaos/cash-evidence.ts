/** What the terminal said of a withdrawal, in order. */
export type Story =
  | 'success'
  | 'success twice'
  | 'failure'
  | 'failure twice'
  | 'partial'
  | 'retracted'
  | 'silence'
  | 'failure, then success'
  | 'success, then failure'
  | 'refused'
  | 'refused, and success';

/** A withdrawal as it was sent. */
export interface SentWithdrawal {
  readonly withdrawalId: string;
  readonly accountId: string;
  /** Minor units. */
  readonly amount: bigint;
  readonly story: Story;
}

/** A withdrawal as it stands in the end, in the log or in ClickHouse. */
export interface SeenWithdrawal {
  readonly withdrawalId: string;
  readonly state: string;
  readonly taken: bigint;
  readonly reversed: bigint;
}

export interface SeenCase {
  readonly caseId: string;
  readonly withdrawalId: string;
  readonly kind: string;
  readonly status: string;
}

export interface SeenReport {
  readonly withdrawalId: string;
  readonly number: number;
  readonly outcome: string;
}

/** What the auditor of the cash looks at: plain data. Amounts are minor units. */
export interface CashEvidence {
  readonly sent: readonly SentWithdrawal[];
  /** Of the ledger: debits that settling a withdrawal's hold posted. */
  readonly debits: readonly { readonly withdrawalId: string; readonly accountId: string; readonly amount: bigint }[];
  readonly balances: readonly {
    readonly accountId: string;
    readonly held: bigint;
    /** The least that was ever available, not only in the end. */
    readonly leastAvailable: bigint;
  }[];
  /** What reconciliation told: one entry for each record. */
  readonly settlements: readonly { readonly withdrawalId: string; readonly state: string }[];
  readonly log: SeenCash;
  readonly clickhouse: SeenCash;
}

export interface SeenCash {
  readonly withdrawals: readonly SeenWithdrawal[];
  readonly cases: readonly SeenCase[];
  readonly reports: readonly SeenReport[];
}
