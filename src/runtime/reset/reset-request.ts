/** Where the partitions of the sources are to go on. What lies outside of what is held is moved to its nearest end. */
export type ResetTarget =
  | { readonly kind: 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** The first record with this timestamp or a later one; the end where there is none. Milliseconds since 1970. */
  | { readonly kind: 'time'; readonly timeMs: number }
  /** From where the partition stands: negative is back. */
  | { readonly kind: 'by'; readonly count: number };

export interface ResetRequest {
  readonly application: string;
  /** Of its source topics; all of them without it. */
  readonly topics?: readonly string[] | undefined;
  readonly target: ResetTarget;
  /** Whether the stores stay as they are. */
  readonly keepsState: boolean;
  /** False: it is only told what would be done. */
  readonly executes: boolean;
}

export interface PartitionReset {
  readonly topic: string;
  readonly partition: number;
  /** Null where the application has not committed the partition. */
  readonly from: number | null;
  readonly to: number;
  /** Records that are processed again, and that are never processed; compacted ones count. */
  readonly rereads: number;
  readonly skips: number;
}

export interface ResetReport {
  readonly application: string;
  readonly isExecuted: boolean;
  readonly sources: readonly PartitionReset[];
  /** Records under way in repartition topics, which come again from the sources: they are passed over. */
  readonly purged: readonly PartitionReset[];
  /** Idle ticks: input of the replay, from their beginning. */
  readonly replayed: readonly PartitionReset[];
  /** Stores that are emptied, or stay. */
  readonly stores: readonly string[];
  readonly keepsState: boolean;
  /** Topics to which the application writes again, with the groups that read them. */
  readonly outputs: readonly { readonly topic: string; readonly readBy: readonly string[] }[];
  /** Of a sink: the tables to which its rows come again. */
  readonly tables?: readonly string[];
  /** What to know before it is done, in sentences. */
  readonly warnings: readonly string[];
}
