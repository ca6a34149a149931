import { SINK_STEPS } from '../../../src/runtime/sink/sink-options.ts';

/** Where a sink kills itself: after a step, between two tables of a cut, or within an insert. */
export const SINK_PLACES = [...SINK_STEPS, 'table', 'during'] as const;
export type SinkPlace = (typeof SINK_PLACES)[number];

/**
 * `backlog`: fills the log, then brings it over in a first edition. `again`: the sink is rewound and brings the same over
 * in the second edition, which all later ones use. `load`: a producer and the sink until killed. `rest`: brings over what is left.
 */
export type SinkTask = 'backlog' | 'again' | 'load' | 'rest';

/**
 * A writer that is stopped goes on when another has inserted more than the tables remember; a `late-writer` behind the end of the load, so
 * that no row comes after the late ones and hides what they have done.
 */
export type SinkFault = 'answers' | 'refusal' | 'stopped-writer' | 'late-writer';

/** What a sink's process is told, as JSON in the environment. */
export interface SinkOrders {
  readonly task: SinkTask;
  readonly data: string;
  readonly migrations: string;
  /** Where ClickHouse is, when it is not to live in the same process. */
  readonly url?: string;
  /** Of the load: the same for all processes of a run. */
  readonly seed: number;
  /** Of the faults: another for each process. */
  readonly round: number;
  readonly faults: readonly SinkFault[];
  readonly kill?: { readonly place: SinkPlace; readonly occurrence: number };
  /** So many transactions at most. */
  readonly transactionsMax: number;
}

/** Edition of all rows but those of the backlog's first run. */
export const EDITION = 2;
export const SINK = 'clickhouse';
