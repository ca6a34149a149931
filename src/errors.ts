/**
 * Every code an error of Headrace can carry. An error class of other systems is a code here: callers branch on
 * `code`, and `retriable` says whether the same call may succeed later. `docs/ERRORS.md` lists the same codes (a test
 * holds the two equal).
 */
export type ErrorCode =
  // Log and storage
  | 'TOPIC_UNKNOWN'
  | 'TOPIC_MISMATCH'
  | 'TOPIC_INVALID'
  | 'PARTITION_UNKNOWN'
  | 'OFFSET_OUT_OF_RANGE'
  | 'RECORD_TOO_LARGE'
  | 'KEY_TOO_LARGE'
  | 'LOG_CORRUPT'
  | 'LOG_CLOSED'
  | 'LOG_BACKPRESSURE'
  | 'COMMIT_REFUSED'
  | 'COMMIT_UNKNOWN'
  | 'MEMBER_FENCED'
  | 'STORAGE_FULL'
  | 'STORAGE_FAILED'
  | 'DATA_DIRECTORY_IN_USE'
  | 'DATA_DIRECTORY_NEWER'
  | 'DATA_DIRECTORY_INVALID'
  // Backups
  | 'BACKUP_INVALID'
  | 'BACKUP_NEWER'
  | 'BACKUP_TARGET_INVALID'
  | 'BACKUP_UNSUPPORTED'
  // Apache Kafka
  | 'KAFKA_UNAVAILABLE'
  | 'KAFKA_REFUSED'
  | 'KAFKA_CLIENT_UNSUPPORTED'
  | 'MEMBER_REPLACED'
  | 'STATE_MISMATCH'
  | 'STATE_UNAVAILABLE'
  | 'INSTANCES_RUNNING'
  | 'TOPIC_RECREATED'
  // Topologies and the engine
  | 'TOPOLOGY_INVALID'
  | 'TOPOLOGY_CHANGED'
  | 'SIMULATION_FAILED'
  | 'PROCESSING_FAILED'
  | 'INVARIANT_BREACHED'
  | 'PARTITION_MISMATCH'
  | 'TIMESTAMP_INVALID'
  | 'DESERIALIZATION_FAILED'
  | 'SERIALIZATION_FAILED'
  | 'STORE_UNKNOWN'
  | 'WORKER_STUCK'
  | 'PARKED_KEYS_FULL'
  | 'CALL_FAILED'
  | 'CALL_TIMED_OUT'
  // Schemas of Avro
  | 'SCHEMA_INVALID'
  | 'SCHEMA_UNKNOWN'
  | 'SCHEMA_INCOMPATIBLE'
  | 'SCHEMA_UNAVAILABLE'
  // Money
  | 'CURRENCY_UNKNOWN'
  | 'AMOUNT_INVALID'
  | 'AMOUNT_OUT_OF_RANGE'
  // ClickHouse
  | 'MIGRATION_CHANGED'
  | 'MIGRATION_NEWER'
  | 'MIGRATION_FAILED'
  | 'CLICKHOUSE_FAILED'
  | 'QUERY_FAILED'
  | 'QUERY_UNKNOWN'
  | 'QUERY_FILE_INVALID'
  | 'PARAMETER_INVALID'
  | 'SINK_ROW_REFUSED'
  | 'SINK_REFUSALS_EXCEEDED'
  | 'VIEW_REFUSED'
  | 'TABLE_MISMATCH'
  | 'SINK_TABLE_INVALID'
  | 'SINK_TABLE_DIFFERS'
  | 'TIERS_INVALID'
  // Input and command line
  | 'INPUT_NOT_FOUND'
  | 'INPUT_INVALID'
  | 'USAGE'
  | 'NOT_RUNNING'
  | 'REMOTE_FAILED'
  | 'REQUEST_REFUSED';

/** Where an error happened, as far as it is known. */
export interface ErrorPlace {
  readonly task?: string;
  readonly operator?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly file?: string;
  readonly line?: number;
}

export interface ErrorOptions {
  readonly retriable?: boolean;
  readonly cause?: unknown;
  readonly where?: ErrorPlace;
}

/** The one error class of Headrace. */
export class HeadraceError extends Error {
  override readonly name = 'HeadraceError';
  readonly code: ErrorCode;
  readonly retriable: boolean;
  readonly where: ErrorPlace;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.where = options.where ?? {};
  }
}

/** An invariant of ours that must hold; a breach is a bug, and the process must not go on with it. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new HeadraceError('PROCESSING_FAILED', `Invariant broken: ${message}`);
}
