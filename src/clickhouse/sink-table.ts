import type { Headers } from '../log/record.ts';
import type { ScannerOf } from '../serde/avro/scan/value-scanner.ts';
import type { CellValue, Column } from './clickhouse.ts';

/**
 * Reads the value of a record of a topic, as it would be parsed from JSON; null for a tombstone. What it throws makes the
 * record a dead letter of the sink, but for what is retriable: then the whole cut is tried again.
 */
export type DecodeValue = (topic: string, bytes: Uint8Array | null, headers: Headers) => unknown;

/** How the values of the sink's topics are read. */
export interface SinkValues {
  readonly decodeValue: DecodeValue;
  /** Of the topics whose values are Avro with a schema of ours. */
  readonly scannerOf?: ScannerOf | undefined;
}

/** A record of a topic on its way to a table. */
export interface SinkRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  /** The value's bytes; null for a tombstone. */
  readonly bytes: Uint8Array | null;
  /** The value as `DecodeValue` reads it; null for a tombstone, and undefined where the table takes bytes. */
  readonly value: unknown;
  readonly headers: Headers;
}

/**
 * How the records of one topic become rows of one table. A topic has one such table, and a table may have several
 * topics.
 */
export interface SinkTable {
  readonly topic: string;
  /** With its database: `headrace.transactions_rows`. */
  readonly table: string;
  readonly columns: readonly Column[];
  /**
   * Whether the records of the topic give each key of the table once, but for repetitions, as facts do and states do not. The insert is
   * a quarter shorter then; rows that have the same key all the same become one later, as those of two inserts do.
   */
  readonly hasUniqueKeys?: boolean;
  /** `bytes` leaves values as they are (dead letters); `decoded` is the default. */
  readonly values?: 'decoded' | 'bytes';
  /**
   * The rows of a record, cells in the order of the columns; none for a record that the table does not hold, such as a
   * tombstone. The same record always gives the same rows. What it throws makes the record a dead letter of the sink.
   */
  rows(record: SinkRecord): readonly (readonly CellValue[])[];
}
