import type { CommittedState } from '../log/log.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import type { TaskCallsTiming } from './async/task-calls.ts';
import type { Redact } from './dead-letter.ts';
import type { ErrorPolicy } from './error-handlers.ts';
import type { GlobalTables } from './global-tables.ts';
import type { OperatorTally } from './operator-tally.ts';
import type { RecordCollector } from './record-collector.ts';
import type { OnSkipped } from './skip-reason.ts';
import type { TaskCounters } from './task-counters.ts';
import type { Inspect } from './task-inspector.ts';

export interface TaskOptions {
  readonly subTopology: SubTopology;
  readonly partition: number;
  readonly application: string;
  /** What is done about records that fail. */
  readonly policy: ErrorPolicy;
  /** The name of a topic in the log: internal ones get the application before them. */
  readonly topicName: (topic: TopicName) => string;
  /** Where to go on reading, for each source topic. */
  readonly positions: ReadonlyMap<string, number>;
  readonly state: CommittedState;
  readonly collector: RecordCollector;
  /** How many partitions a topic has. */
  readonly partitionsOf: (topic: string) => number | undefined;
  readonly redact: Redact;
  readonly counters: TaskCounters;
  /** Told of each record that is skipped, by the rules of an operator or an error handler, beside the counters. */
  readonly onSkippedBy?: OnSkipped | undefined;
  /** Counts what single operators do. */
  readonly tally?: OperatorTally | undefined;
  readonly globals: GlobalTables;
  /** Time as the calls of asynchronous operators have it. */
  readonly calls: TaskCallsTiming;
  /** Where ticks stand and how long the task must be silent for one; without it time passes with records only. */
  readonly idleTicks?: { readonly topic: string; readonly afterMs: number } | undefined;
  readonly inspect?: Inspect | undefined;
}
