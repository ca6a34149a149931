import type { ReconciliationCase } from '../../../../topologies/reconciliation/events.ts';
import type { CellValue } from '../../../clickhouse/clickhouse.ts';
import type { GroupOffset, Watermarks } from '../../../log/log.ts';
import type { Headers, NewRecord, RecordPosition } from '../../../log/record.ts';
import type { RecordBatch } from '../../../log/record-batch.ts';
import type { NodeStatus } from '../../node.ts';

/** What the public API needs of a node. The ways of the log, of the engine's state and of ClickHouse, and nothing of how they are kept. */
export interface ApiBackend {
  /**
   * As Log.append: resolves when all the records are on disk, in one commit. Throws LOG_BACKPRESSURE (retriable) also
   * where intake is held longer than `holdWaitMaxMs`; nothing is appended then.
   */
  append(records: readonly NewRecord[], holdWaitMaxMs: number): Promise<readonly RecordPosition[]>;
  /** Throws TOPIC_UNKNOWN. */
  watermarks(topic: string): Promise<readonly Watermarks[]>;
  /** Committed records from an offset on, or null at the end. */
  readBatch(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null>;
  committedOffsets(group: string): Promise<readonly GroupOffset[]>;
  /** Resolves when something was committed after this call, or after `timeoutMs`. */
  awaitCommit(timeoutMs: number): Promise<void>;
  /** A value of a group's committed state. Throws STATE_UNAVAILABLE (retriable), as the two below. */
  stateValue(group: string, store: string, partition: number, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** The reconciliation cases of one partition, and one of them all. */
  cases(partition: number): Promise<readonly ReconciliationCase[]>;
  findCase(caseId: string): Promise<ReconciliationCase | undefined>;
  /** A value of a topic as it would be parsed from JSON, whatever its format. Throws DESERIALIZATION_FAILED. */
  decode(topic: string, bytes: Uint8Array, headers: Headers): unknown;
  /** Rows of a reader's query; 64-bit integers come as texts. Throws QUERY_FAILED, CLICKHOUSE_FAILED. */
  rows<T>(sql: string, parameters: Readonly<Record<string, CellValue>>): Promise<readonly T[]>;
  /** Rows of a named query, as `rows`; there is a limit to their number. Ended by `signal`. Throws PARAMETER_INVALID as well. */
  ask(name: string, parameters: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<readonly unknown[]>;
  status(): Promise<NodeStatus>;
  /** Whether engine and sink run, and the last thing that went wrong. */
  readonly isEngineRunning: boolean;
}
