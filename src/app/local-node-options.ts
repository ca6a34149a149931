import type { GenericSinkDefinition } from '../clickhouse/generic/generic-sink-definition.ts';
import type { TierSettings } from '../clickhouse/tiers/tier-settings.ts';
import type { Clock } from '../clock.ts';
import type { ValueFormat } from './formats/topic-formats.ts';
import type { AppLogger } from './logger.ts';
import type { LoadedTopology } from './user-topology/loaded-topology.ts';

export interface LocalNodeOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** A user's topology that runs in place of the bank's systems. */
  readonly loaded?: LoadedTopology | undefined;
  /** Whether the bank's systems are wanted here for certain, where `loaded` is none: not only what is there. */
  readonly runsBank?: boolean | undefined;
  /** Brokers of Apache Kafka, HOST:PORT[,...]; without it the log is in the data directory. */
  readonly kafka?: string | undefined;
  /** The address of a ClickHouse server; without it ClickHouse is in the data directory. */
  readonly clickhouse?: string | undefined;
  /** Tiers and retention of ClickHouse, which this process brings it to; without it they stay as they are. */
  readonly tiers?: TierSettings | undefined;
  /** On Kafka: how many threads run the systems' workers, this one among them (1). */
  readonly threads?: number | undefined;
  /** Whether it only looks at the log: topics that are missing stay so. */
  readonly readsLogOnly?: boolean | undefined;
  readonly readBytesMax?: number | undefined;
  /** On Kafka: copies of each partition's state that are kept on other instances. */
  readonly standbys?: number | undefined;
  /** IANA name; UTC without it. */
  readonly businessZone?: string | undefined;
  /** Of a new data directory; an existing one keeps what it has. */
  readonly partitions?: number | undefined;
  /** How long a terminal may take to say how a dispense went, milliseconds (60,000). */
  readonly answerWithinMs?: number | undefined;
  /** Goes on with topologies that lose state of those before them, see StoredPlan. */
  readonly allowTopologyChange?: boolean | undefined;
  /** Later records of a key wait behind its dead letter, at most so many keys of a partition; without it none do. */
  readonly parkKeysMax?: number | undefined;
  /** How values are written: Avro unless told. Both are read. */
  readonly valueFormat?: ValueFormat | undefined;
  /** Of a schema registry with Confluent's REST API, in place of the one in schemas/. */
  readonly schemaRegistry?: string | undefined;
  /** Topics that get a table of their own in ClickHouse. */
  readonly sinks?: readonly GenericSinkDefinition[] | undefined;
  readonly commitIntervalMs?: number;
  readonly flushIntervalMs?: number;
  /**
   * With it, engine and sink start by themselves when someone wants to see results; told when one of them can't go on.
   */
  readonly onEngineFailure?: (error: unknown) => void;
  /** Called at every named step of log, commit and sink, such as `commit:seal`; for chaos. */
  readonly onStep?: (step: string) => void;
}
