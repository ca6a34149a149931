import type { CallOutcome } from './async/call.ts';
import type { CurrentRecord } from './current-record.ts';

/** What a task does, in its order. Given the same events over the same records a task does the same again. */
export type TaskEvent =
  /** Made over the committed state and offsets. */
  | { readonly kind: 'begin' }
  /** A record of a source was processed, whatever became of it. */
  | { readonly kind: 'record'; readonly topic: string; readonly offset: number }
  /** What came of the call about the record that is processed next. */
  | { readonly kind: 'called'; readonly operator: string; readonly offset: number; readonly outcome: CallOutcome }
  /** An idle tick was applied: the next one of the task's ticks. */
  | { readonly kind: 'tick' }
  /** The wall clock was looked at for punctuations. */
  | { readonly kind: 'clock'; readonly nowMs: number }
  /** What cached tables hold back was sent on. */
  | { readonly kind: 'flush' }
  /** All that it did since the last of these goes into one commit, which may come to nothing. */
  | { readonly kind: 'seal' };

/** Watches one task from within, and may fail its records: for simulations. */
export interface TaskInspector {
  /** A record begins: what this throws fails it before it has written anything. */
  enter(record: CurrentRecord): void;
  /** A record has gone through the operators, still inside its savepoint: what this throws fails it after it has written everything. */
  leave(record: CurrentRecord): void;
  on(event: TaskEvent): void;
}

/** The inspector of a task by its id, such as `0_3`. */
export type Inspect = (task: string) => TaskInspector;
