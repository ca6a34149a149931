import type { SinkTable } from '../clickhouse/sink-table.ts';
import type { ErrorPolicy } from '../runtime/error-handlers.ts';
import type { Topology } from '../streams/topology/topology.ts';

/** A topic of a topology, created where it is missing. */
export interface TopicDefinition {
  readonly name: string;
  /** Without it as many as `headrace start --partitions` says (1). Fixed once the topic exists. */
  readonly partitions?: number;
  /** `compact` keeps the last record of each key (`delete`). */
  readonly cleanup?: 'delete' | 'compact';
  /** How long records are kept after intake, milliseconds; -1, the default, for ever. */
  readonly retentionMs?: number;
}

/** What a file for `headrace start --topology FILE` exports: a topology and how it is to run. */
export interface TopologyModule extends ErrorPolicy {
  /** Names the group, the state and the internal topics, for ever; the file's name without its ending where it is left out. */
  readonly application?: string;
  readonly topology: Topology;
  /** Topics with settings of their own. Those that the topology reads or writes and that do not stand here need none. */
  readonly topics?: readonly TopicDefinition[];
  /** Which topics go to ClickHouse, exactly once. The tables themselves are made by `migrations`. */
  readonly tables?: readonly SinkTable[];
  /** The directory of `NNN-name.sql` that make the tables, from the file's own directory on. */
  readonly migrations?: string;
  /** When the sources have been silent for so long, milliseconds, stream time goes on with the clock; without it with records only. */
  readonly idleAfterMs?: number;
  /** Results are committed so often, milliseconds, at the latest (100). */
  readonly commitIntervalMs?: number;
  /**
   * Topics that the topology both writes and reads on purpose, as for a retry. A loop that is not named here is refused:
   * a record would go round in it for ever.
   */
  readonly loops?: readonly string[];
}

/**
 * Gives what a file for `headrace start --topology FILE` exports its types; it returns what it is given.
 *
 * ```ts
 * export default defineTopology({ application: 'word-count', topology: builder.build() });
 * ```
 */
export function defineTopology(definition: TopologyModule): TopologyModule {
  return definition;
}
