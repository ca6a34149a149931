import type { SinkTable, SinkValues } from '../clickhouse/sink-table.ts';
import type { Log } from '../log/log.ts';
import { createMissingTopics } from './create-topics.ts';
import { SINK } from './engine.ts';
import { MIGRATIONS } from './migrations.ts';
import { sinkTables } from './sink-tables.ts';
import { type System, type SystemsOptions, systemsOf } from './systems.ts';

/** What works on a log: the bank's systems, or a topology of a user's. */
export interface Workload {
  readonly systems: readonly System[];
  /** What goes to ClickHouse; where nothing does, it is not opened for that. */
  readonly tables: readonly SinkTable[];
  /** Group of the sink. */
  readonly sink: string;
  /** Of ClickHouse; undefined: it is taken as it is. */
  readonly migrations: string | undefined;
  /** How the sink reads them. */
  readonly values: SinkValues;
  /** Creates what topics are missing. `partitions` is for those of which nothing says how many they have. */
  createTopics(log: Log, partitions: number | undefined): Promise<void>;
}

/** The ledger, withdrawals and reconciliation. */
export function bankWorkload(options: SystemsOptions, values: SinkValues): Workload {
  return {
    systems: systemsOf(options),
    tables: sinkTables,
    sink: SINK,
    migrations: MIGRATIONS,
    values,
    createTopics: createMissingTopics,
  };
}

/** For a look at a data directory in which a topology works that this command was not told of: nothing runs and nothing is made. */
export function noWorkload(values: SinkValues): Workload {
  return {
    systems: [],
    tables: [],
    sink: SINK,
    migrations: undefined,
    values,
    createTopics: async () => undefined,
  };
}
