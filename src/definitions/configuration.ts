import type { GenericSinkDefinition } from '../clickhouse/generic/generic-sink-definition.ts';

/**
 * What `headrace.config.ts` (also .mts, .js, .mjs) in the working directory may say: options of `headrace` and of its commands, by
 * the names that they have on the command line. The command line comes before the environment, and that before this file.
 */
export interface HeadraceConfiguration {
  /** The file of the topology that `start` runs, as with `--topology`. */
  readonly topology?: string;
  /** Names the application, over what the topology's file says. */
  readonly application?: string;
  /** The data directory (`./data`). */
  readonly data?: string;
  /** Brokers of Apache Kafka, HOST:PORT[,...]; without them the log is in the data directory. */
  readonly kafka?: string;
  /** A ClickHouse server, `http://user:password@host:8123`; without it ClickHouse is in the data directory. */
  readonly clickhouse?: string;
  /** Where `start` serves ClickHouse's HTTP interface for the embedded one (8123 if it is free); 0 takes a free port. */
  readonly clickhousePort?: number | 'off';
  /** Of topics that are missing. */
  readonly partitions?: number;
  /** Where `start` serves HTTP; 0 takes a free port. */
  readonly port?: number;
  /** Where `start` listens (127.0.0.1). */
  readonly host?: string;
  /** Of the bank's own topics. */
  readonly valueFormat?: 'json' | 'avro';
  /** A registry with Confluent's REST API. */
  readonly schemaRegistry?: string;
  /** Later records of a key wait behind its dead letter; at most so many keys of a partition. */
  readonly parkKeys?: number | true;
  /** On Kafka: copies of each partition's state on other instances. */
  readonly standbys?: number;
  /** On Kafka: how many threads share the partitions. */
  readonly threads?: number;
  /** How many records of each output topic `start --once` prints. */
  readonly print?: number;
  /** Where the embedded ClickHouse keeps its cold tier; once named, it is remembered in the data directory. */
  readonly coldDirectory?: string;
  /** Where the embedded ClickHouse keeps its archive; once named, it is remembered in the data directory. */
  readonly archiveDirectory?: string;
  /** A storage policy of the ClickHouse server, with volumes `cold`, `archive` or both. */
  readonly storagePolicy?: string;
  /** Rows go to the cold tier so many months after they came in (3). */
  readonly coldAfterMonths?: number;
  /** Rows go to the archive so many months after they came in (12). */
  readonly archiveAfterMonths?: number;
  /** Nothing is deleted earlier than so many months after it came in (84). */
  readonly retentionMonths?: number;
  /** Whether rows are deleted behind their retention (false: nothing is ever deleted). */
  readonly deleteExpired?: boolean;
  /** Topics with an Avro schema that get a table of their own in ClickHouse; `headrace sink plan` shows what becomes of them. */
  readonly sinks?: readonly GenericSinkDefinition[];
}

/**
 * Gives `headrace.config.ts` its types; it returns what it is given.
 *
 * ```ts
 * export default defineConfig({ topology: './topology.ts', partitions: 4 });
 * ```
 */
export function defineConfig(configuration: HeadraceConfiguration): HeadraceConfiguration {
  return configuration;
}
