import type {
  SessionStoreDefinition,
  SuppressStoreDefinition,
  WindowStoreDefinition,
} from '../../state/store-definition.ts';
import type { Emit, SessionWindows, SlidingWindows, TimeWindows } from '../windows.ts';
import type { Aggregator, NodeBase } from './nodes.ts';

/** An aggregate of each key in each time or sliding window. A reduce begins with null. */
export interface WindowAggregateNode extends NodeBase {
  readonly kind: 'windowAggregate';
  readonly windows: TimeWindows | SlidingWindows;
  readonly store: WindowStoreDefinition;
  readonly initializer: () => unknown;
  /** One for each parent: several streams may be aggregated together (KIP-150). */
  readonly aggregators: readonly Aggregator[];
  readonly emit: Emit;
  /** Sends only the last update of each key on, when the task commits. */
  readonly cached?: boolean;
}

export interface TimeWindowAggregateNode extends WindowAggregateNode {
  readonly windows: TimeWindows;
}

export interface SlidingWindowAggregateNode extends WindowAggregateNode {
  readonly windows: SlidingWindows;
}

export interface SessionAggregateNode extends NodeBase {
  readonly kind: 'sessionAggregate';
  readonly windows: SessionWindows;
  readonly store: SessionStoreDefinition;
  readonly initializer: () => unknown;
  /** One for each parent: several streams may be aggregated together (KIP-150). */
  readonly aggregators: readonly Aggregator[];
  readonly merger: (key: unknown, one: unknown, other: unknown) => unknown;
  readonly emit: Emit;
  /** Sends only the last update of each key on, when the task commits. */
  readonly cached?: boolean;
}

/** The records that came too late for its parent, as they came: not the parent's results. */
export interface LateRecordsNode extends NodeBase {
  readonly kind: 'lateRecords';
  /** Of the second parent of a join; else of its first one, or of the only one. */
  readonly isOfRight?: true;
}

export interface SuppressNode extends NodeBase {
  readonly kind: 'suppress';
  readonly store: SuppressStoreDefinition;
  /** `windowCloses`: a change waits from the end of its window on, and deletions are dropped; else from its timestamp on. */
  readonly until: 'windowCloses' | 'timeLimit';
  readonly waitMs: number;
  /** Infinite where there is no bound. */
  readonly maxRecords: number;
  readonly whenFull: 'emitEarly' | 'fail';
}
