import type { ReconciliationCase } from '../../topologies/reconciliation/events.ts';
import type { Question } from '../clickhouse/queries/ask.ts';
import type { QueryOutput } from '../clickhouse/query-format.ts';
import type { TopicConfig, Watermarks } from '../log/log.ts';
import type { Headers, NewRecord, RecordPosition } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { ResetReport, ResetRequest } from '../runtime/reset/reset-request.ts';
import type { WorkerFigures } from '../runtime/worker-figures.ts';
import type { Snapshot } from './backup/snapshot.ts';
import type { PartitionParking } from './dead-letters/committed-parking.ts';
import type { FaultCount } from './faults.ts';
import type { TopicFormats } from './formats/topic-formats.ts';
import type { Hold } from './intake-gate.ts';
import type { Rewrite } from './reconcile/store/rewrite.ts';
import type { RestoreFigures } from './restores.ts';
import type { SinkTables } from './sink-tables.ts';
import type { Fault } from './stall-watch.ts';
import type { StateAnswer, StateRequest } from './state/state-request.ts';

/** A record as it stands in the log. */
export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** A batch's records one by one. */
export function storedRecords(batch: RecordBatch): readonly StoredRecord[] {
  return Array.from({ length: batch.length }, (_, index) => ({
    offset: batch.offsetAt(index),
    timestamp: batch.timestampAt(index),
    key: batch.keyAt(index),
    value: batch.valueAt(index),
    headers: batch.headersAt(index),
  }));
}

/** What a sink by configuration counts. */
export interface SinkFigures {
  /** Its group. */
  readonly sink: string;
  readonly table: string;
  readonly rows: number;
  readonly lag: number;
  readonly deadLetters: number;
  /** Of the last try, until one succeeds. */
  readonly error: string | undefined;
}

/** What a running node is doing. */
export interface NodeStatus {
  readonly processed: number;
  readonly deadLetters: number;
  /** Records put aside because a dead letter of their key waits. */
  readonly parked: number;
  readonly commits: number;
  readonly aborts: number;
  /** Records taken in and not processed yet. */
  readonly lag: number;
  /** Rows written to ClickHouse, and records that are in the log and not there yet. */
  readonly sinkRows: number;
  readonly sinkLag: number;
  readonly sinkError: string | undefined;
  /** The sink by name, and the code of the error for which it waits; no code while it does not. */
  readonly sinkWaiting?: { readonly sink: string; readonly code: string | undefined };
  /** The sinks by configuration, which are in the three figures above as well. */
  readonly sinks?: readonly SinkFigures[];
  /** What went wrong last; it may have gone on since. */
  readonly fault?: Fault | undefined;
  /** How often what went wrong. */
  readonly faults?: readonly FaultCount[];
  /** What was restored from changelogs on Kafka. */
  readonly restores?: readonly RestoreFigures[];
  /** What each system's worker counts; none before they run. */
  readonly workers?: readonly WorkerFigures[];
}

/** Before the engine runs. */
export const notStarted: NodeStatus = {
  processed: 0,
  deadLetters: 0,
  parked: 0,
  commits: 0,
  aborts: 0,
  lag: 0,
  sinkRows: 0,
  sinkLag: 0,
  sinkError: undefined,
};

/** An account as the engine's committed state has it. */
export interface AccountFigures {
  readonly accountId: string;
  readonly sequence: number;
  /** Currency to booked balance, decimal text. */
  readonly booked: Readonly<Record<string, string>>;
  /** Currency to what holds reserve of it, decimal text. */
  readonly held: Readonly<Record<string, string>>;
}

/**
 * What commands need of a data directory, whether this process owns it (LocalNode) or another one that serves it over
 * HTTP (RemoteNode). Every command is written once, against this.
 */
export interface HeadraceNode {
  /** How the values of its topics are read. */
  readonly formats: TopicFormats;
  /** What goes to ClickHouse. */
  readonly sink: SinkTables;
  /** As Log.append: resolves when the records are on disk. */
  append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]>;
  topics(): Promise<readonly TopicConfig[]>;
  watermarks(topic: string): Promise<readonly Watermarks[]>;
  /** Records of a topic that keeps everything, from these offsets on (by partition), or all of them. */
  recordCount(topic: string, from?: readonly number[]): Promise<number>;
  /** Some records from an offset on; none at the end. */
  read(topic: string, partition: number, fromOffset: number): Promise<readonly StoredRecord[]>;
  awaitCommit(timeoutMs: number): Promise<void>;
  /**
   * A query in SQL, or one that has a name; ended by `signal`, which who may go away in the midst of it must give: a query that works on a
   * chunk sees nothing else. Throws QUERY_FAILED; QUERY_UNKNOWN, PARAMETER_INVALID.
   */
  query(
    query: string | Question,
    output: QueryOutput,
    isTerminal: boolean,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Keeps appends waiting until released, so that log, state and ClickHouse can be looked at when they are at rest. Throws INSTANCES_RUNNING. */
  hold(): Promise<Hold>;
  /** Resolves when everything that was in the log when it was called, and what comes of it, is processed and in ClickHouse. */
  drain(): Promise<void>;
  /** The accounts of one partition of the ledger's state. */
  accounts(partition: number): Promise<readonly AccountFigures[]>;
  /** The reconciliation cases of one partition, and one of them all, as the engine's committed state has them. */
  cases(partition: number): Promise<readonly ReconciliationCase[]>;
  findCase(caseId: string): Promise<ReconciliationCase | undefined>;
  /** What waits behind dead letters, as the committed state of all systems has it. */
  parked(): Promise<readonly PartitionParking[]>;
  /** Reads the stores of the systems, as they are committed. Throws USAGE and STORE_UNKNOWN. */
  state(request: StateRequest): Promise<StateAnswer>;
  status(): Promise<NodeStatus>;
  /** The data directory at this moment, for a backup: whoever takes it copies it, log first. To be released. Throws as Snapshots.take does. */
  snapshot(): Promise<Snapshot>;
  /** Writes to ClickHouse what a repair says. Throws USAGE for a table that is none of the sink's, CLICKHOUSE_FAILED. */
  rewrite(change: Rewrite): Promise<void>;
  /** Sends an application, or the sink, back or forward in its sources. Throws USAGE, and COMMIT_REFUSED while it runs. */
  reset(request: ResetRequest): Promise<ResetReport>;
  close(): Promise<void>;
}

/** The value of a record as it would be parsed from JSON; null for a tombstone. */
export function valueIn<T>(
  { formats }: Pick<HeadraceNode, 'formats'>,
  topic: string,
  { value, headers }: Pick<StoredRecord, 'value' | 'headers'>,
): Promise<T> {
  return formats.resolveValue(topic, value, headers) as Promise<T>;
}

/** All records of a partition from an offset up to another, in order, a batch at a time. */
export async function* recordsOf(
  node: Pick<HeadraceNode, 'read'>,
  topic: string,
  partition: number,
  from: number,
  to: number,
): AsyncGenerator<StoredRecord> {
  let offset = from;
  while (offset < to) {
    const records = await node.read(topic, partition, offset);
    if (records.length === 0) return;
    for (const record of records) {
      if (record.offset >= to) return;
      yield record;
    }
    offset = records.at(-1)!.offset + 1;
  }
}
