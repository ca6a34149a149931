import type { CommittedState, StateChanges } from '../../../src/log/log.ts';

/** Committed state, and what can happen to it. */
export interface StateUnderTest extends CommittedState {
  commit(changes: readonly StateChanges[]): Promise<void>;
  /** What is not committed is gone; the state is opened anew. */
  crash(): Promise<void>;
  dispose(): Promise<void>;
}
