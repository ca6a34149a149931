import { type ErrorCode, HeadraceError } from '../../errors.ts';
import type { KeyValueStoreDefinition, StoreDefinition } from '../../state/store-definition.ts';
import type { WriteBuffer } from '../../state/write-buffer.ts';
import type { PunctuationOptions } from '../../streams/processor.ts';
import type { CallAsyncNode } from '../../streams/topology/call-node.ts';
import type { TopicName } from '../../streams/topology/nodes.ts';
import type { CallGate } from '../async/call-gate.ts';
import type { CurrentRecord } from '../current-record.ts';
import type { GlobalTableRows } from '../global-table-rows.ts';
import type { OperatorTime } from '../operator-time.ts';
import type { TopicOutput } from '../record-collector.ts';
import type { SkipReason } from '../skip-reason.ts';
import type { TableCache } from '../table-cache.ts';
import type { TimedOperator } from '../timed-operator.ts';

/**
 * An operator at work: a function that takes a record and calls the next one. The parts of a record are arguments, not
 * an object, so that a chain of operators allocates nothing.
 *
 * Between operators of a table `before` is the row that `value` replaces, null where there was none; it is given where the
 * operator below needs it ({@link needsBefore}) and means nothing elsewhere. `isHistory` says that a versioned table's change is
 * older than its present row; operators that follow the present rows pass over it (KIP-914).
 */
export type Receive = (key: unknown, value: unknown, timestamp: number, before?: unknown, isHistory?: boolean) => void;

/** What an operator may use of its task. */
export interface OperatorContext {
  readonly partition: number;
  readonly record: CurrentRecord;
  buffer(store: StoreDefinition): WriteBuffer;
  /** The rows of a global table. */
  globalTable(store: KeyValueStoreDefinition): GlobalTableRows;
  /**
   * Stream time of one operator (design D3): what has reached it so far. It is state, and so survives a restart. Of several times of one
   * operator each but the first has a suffix.
   */
  time(operator: string, suffix?: string): OperatorTime;
  /** A time that records are taken in at, which is not part of the task's stream time. */
  intakeTime(operator: string, suffix: string): OperatorTime;
  /** Calls a function again and again, see Punctuations. */
  schedule(operator: string, options: PunctuationOptions, punctuate: (timestamp: number) => void): void;
  /** Registers what an operator does when time passes without a record (see IdleTicks); called once, while it is made. */
  timed(operator: TimedOperator): void;
  /** Registers a cache whose updates the task sends on, before each commit at the latest; called once, while its table is made. */
  cache(cache: TableCache): void;
  /** What the calls of an asynchronous operator have brought. */
  calls(node: CallAsyncNode): CallGate;
  output(topic: TopicName): TopicOutput;
  /** A forward to a topic failed: returns where it is to be left out, and throws what undoes the record in process. */
  unproduced(error: HeadraceError, topic: string): void;
  /** Called whenever an operator skips a record by the rules: counted, never silent. */
  skipped(operator: string, reason: SkipReason): void;
  /** A counter of the operator's own, for metrics, to be counted up in place; what is rolled back stays counted. */
  counter(operator: string, what: OperatorCount): Counter;
}

/**
 * Changes that a suppress operator let through, and windows that were sent when they had closed: Kafka Streams' names. Records
 * that came `outOfOrder`, behind the time of the operator, are counted by operator because each has a time of its own. Of calls: the
 * attempts, those that were not the first, those whose time was up, and the calls that failed for good. `invariantBreach` is counted
 * under the name of the invariant.
 */
export type OperatorCount =
  | 'suppressionEmit'
  | 'emitFinalRecords'
  | 'outOfOrder'
  | 'callAttempt'
  | 'callRetry'
  | 'callTimeout'
  | 'callFailure'
  | 'invariantBreach';

export interface Counter {
  count: number;
}

/** Of several inputs of one operator each has a time of its own, as in Kafka Streams. */
export function inputTime(context: OperatorContext, operator: string, input: number): OperatorTime {
  return context.time(operator, input === 0 ? '' : `#${input}`);
}

/** An error of a user's function, with the operator in which it happened. */
export function failedIn(
  operator: string,
  error: unknown,
  codeOfOthers: ErrorCode = 'PROCESSING_FAILED',
): HeadraceError {
  if (error instanceof HeadraceError && error.where.operator !== undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof HeadraceError ? error.code : codeOfOthers;
  return new HeadraceError(code, `${operator}: ${reason}`, { cause: error, where: { operator } });
}
