import type { Headers } from '../../log/record.ts';
import type { Serde } from '../../serde/serde.ts';
import type {
  JoinBufferDefinition,
  KeyValueStoreDefinition,
  ProcessStoreDefinition,
  VersionedStoreDefinition,
} from '../../state/store-definition.ts';
import type { ProcessorSupplier } from '../processor.ts';
import type { Ttl } from '../ttl.ts';
import type { CallAsyncNode } from './call-node.ts';
import type { GlobalJoinNode, StreamStreamJoinNode } from './join-nodes.ts';
import type { LateRecordsNode, SessionAggregateNode, SuppressNode, WindowAggregateNode } from './window-nodes.ts';

/**
 * The graph between the DSL and the engine: frozen nodes that point at their parents. The DSL's types are erased here
 * (`unknown`): it has checked them, and the engine moves values without looking into them.
 */
export type Node =
  | SourceNode
  | TableSourceNode
  | FilterNode
  | MapNode
  | FlatMapNode
  | PeekNode
  | MergeNode
  | BranchNode
  | RepartitionNode
  | ProcessNode
  | CallAsyncNode
  | AggregateNode
  | ToTableNode
  | TableFilterNode
  | TableMapValuesNode
  | ToStreamNode
  | StreamTableJoinNode
  | GroupTableNode
  | TableAggregateNode
  | TableTableJoinNode
  | ForeignKeySubscribeNode
  | ForeignKeyJoinNode
  | ForeignKeyResponseNode
  | WindowAggregateNode
  | SessionAggregateNode
  | LateRecordsNode
  | SuppressNode
  | StreamStreamJoinNode
  | GlobalJoinNode
  | SinkNode;

export type NodeKind = Node['kind'];
export type Kind<N extends NodeKind> = Extract<Node, { kind: N }>;

export interface NodeBase {
  /** Unique within a topology; children always have a greater id than their parents. */
  readonly id: number;
  readonly name: string;
  readonly parents: readonly Node[];
}

/** What a record of a source looks like to a timestamp extractor. */
export interface ExtractedRecord<K = unknown, V = unknown> {
  readonly key: K | null;
  readonly value: V | null;
  /** The log's timestamp, milliseconds since 1970. */
  readonly timestamp: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly headers: Headers;
}

/** Returns event time in whole milliseconds since 1970. A negative or fractional one fails the record (TIMESTAMP_INVALID). */
export type TimestampExtractor<K = unknown, V = unknown> = (record: ExtractedRecord<K, V>) => number;

/** How the keys of a topic are spread over its partitions: by murmur2 of their bytes, as Kafka's own clients do. */
export type Partitioning = 'murmur2';

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly topic: TopicName;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly timestampExtractor: TimestampExtractor | undefined;
  /** Records that lie elsewhere than their key belongs to are refused; absent: wherever they lie is right. */
  readonly partitionedBy?: Partitioning | undefined;
}

export interface TableSourceNode extends NodeBase {
  readonly kind: 'tableSource';
  readonly store: KeyValueStoreDefinition | VersionedStoreDefinition;
  /** Kept whole by every worker, and read only: no sub-topology has it. */
  readonly isGlobal?: boolean;
  /** How long rows stay; for ever without it. */
  readonly ttl?: Ttl;
  /** Sends only the last update of each key on, when the task commits. */
  readonly cached?: boolean;
}

export interface FilterNode extends NodeBase {
  readonly kind: 'filter';
  readonly predicate: (key: unknown, value: unknown) => boolean;
  readonly keepWhen: boolean;
}

/** map, mapValues and selectKey: `mapper` returns the part that changes, or both. */
export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly changes: 'key' | 'value' | 'both';
  readonly mapper: (key: unknown, value: unknown) => unknown;
}

export interface FlatMapNode extends NodeBase {
  readonly kind: 'flatMap';
  readonly changes: 'value' | 'both';
  readonly mapper: (key: unknown, value: unknown) => Iterable<unknown>;
}

export interface PeekNode extends NodeBase {
  readonly kind: 'peek';
  readonly action: (key: unknown, value: unknown) => void;
}

export interface MergeNode extends NodeBase {
  readonly kind: 'merge';
}

/** One branch of a split: gets what no branch before it took. `previous` are their predicates, in order. */
export interface BranchNode extends NodeBase {
  readonly kind: 'branch';
  readonly previous: readonly ((key: unknown, value: unknown) => boolean)[];
  readonly predicate: ((key: unknown, value: unknown) => boolean) | undefined;
}

/** Replaced by a sink and a source in the pass that inserts topics. */
export interface RepartitionNode extends NodeBase {
  readonly kind: 'repartition';
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly partitions: number | undefined;
}

export interface ProcessNode extends NodeBase {
  readonly kind: 'process';
  readonly stores: Readonly<Record<string, ProcessStoreDefinition>>;
  readonly supplier: ProcessorSupplier;
  /** False for processValues, which can't forward another key. */
  readonly changesKey: boolean;
}

/** Returns the new aggregate; null deletes it. */
export type Aggregator = (key: unknown, value: unknown, aggregate: unknown) => unknown;

export interface AggregateNode extends NodeBase {
  readonly kind: 'aggregate';
  readonly store: KeyValueStoreDefinition;
  /** Absent for reduce: there the first value is the aggregate. */
  readonly initializer: (() => unknown) | undefined;
  /** One for each parent: several streams may be aggregated together (KIP-150). */
  readonly aggregators: readonly Aggregator[];
  /** How long rows stay; for ever without it. */
  readonly ttl?: Ttl;
  /** Sends only the last update of each key on, when the task commits. */
  readonly cached?: boolean;
}

export interface ToTableNode extends NodeBase {
  readonly kind: 'toTable';
  /** How long rows stay; for ever without it. */
  readonly ttl?: Ttl;
  /** Sends only the last update of each key on, when the task commits. */
  readonly cached?: boolean;
  readonly store: KeyValueStoreDefinition | VersionedStoreDefinition;
}

export interface TableFilterNode extends NodeBase {
  readonly kind: 'tableFilter';
  readonly predicate: (key: unknown, value: unknown) => boolean;
  readonly keepWhen: boolean;
}

export interface TableMapValuesNode extends NodeBase {
  readonly kind: 'tableMapValues';
  readonly mapper: (key: unknown, value: unknown) => unknown;
}

export interface ToStreamNode extends NodeBase {
  readonly kind: 'toStream';
}

/** parents[0] is the stream, parents[1] the table. */
export interface StreamTableJoinNode extends NodeBase {
  readonly kind: 'streamTableJoin';
  readonly isLeft: boolean;
  /** Where records wait for late changes of the table; absent: they are joined at once. */
  readonly buffer: JoinBufferDefinition | undefined;
  readonly graceMs: number;
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
}

/** A change of a row, on its way to the row of another table that it is a part of. */
export interface RowChange {
  /** Null where there is none. */
  readonly value: unknown;
  readonly before: unknown;
}

/** Under which row of the grouped table a row stands: forwards {@link RowChange}s under the new key. */
export interface GroupTableNode extends NodeBase {
  readonly kind: 'groupTable';
  /** Of the new key: keys are the same group where their bytes are. */
  readonly key: Serde<unknown>;
  readonly selector: (key: unknown, value: unknown) => readonly [unknown, unknown];
}

export interface TableAggregateNode extends NodeBase {
  readonly kind: 'tableAggregate';
  /** Sends only the last update of each key on, when the task commits. */
  readonly cached?: boolean;
  readonly store: KeyValueStoreDefinition;
  /** Absent for reduce: there the first value is the aggregate. */
  readonly initializer: (() => unknown) | undefined;
  readonly adder: (key: unknown, value: unknown, aggregate: unknown) => unknown;
  readonly subtractor: (key: unknown, value: unknown, aggregate: unknown) => unknown;
}

/** parents[0] is the left table, parents[1] the right one. */
export interface TableTableJoinNode extends NodeBase {
  readonly kind: 'tableTableJoin';
  readonly join: 'inner' | 'left' | 'outer';
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
}

/** Of a foreign-key join: tells the foreign key's partition which row wants which row of the other table. */
export interface ForeignKeySubscribeNode extends NodeBase {
  readonly kind: 'foreignKeySubscribe';
  readonly isLeft: boolean;
  readonly foreignKeyOf: (value: unknown, key: unknown) => unknown;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly foreignKey: Serde<unknown>;
}

/** parents[0] are subscriptions by foreign key, parents[1] is the other table. Answers under the row's own key. */
export interface ForeignKeyJoinNode extends NodeBase {
  readonly kind: 'foreignKeyJoin';
  /** Who wants a row: foreign key and own key together to the hash of the row that wants it. */
  readonly store: KeyValueStoreDefinition;
  readonly key: Serde<unknown>;
  readonly foreignKey: Serde<unknown>;
}

/** parents[0] are the answers, parents[1] is the table that asked. */
export interface ForeignKeyResponseNode extends NodeBase {
  readonly kind: 'foreignKeyResponse';
  readonly isLeft: boolean;
  readonly value: Serde<unknown>;
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
}

/** What a row of the left table asks of the partition of its foreign key. */
export interface Subscription {
  /** The row's own key, serialised. */
  readonly key: Uint8Array;
  /** Of the row as it was when it asked; null where it is deleted. */
  readonly hash: Uint8Array | null;
  readonly instruction: 'delete' | 'delete and tell' | 'tell' | 'tell if found';
}

export interface SubscriptionAnswer {
  readonly hash: Uint8Array | null;
  /** The other table's row; null where there is none. */
  readonly row: unknown;
}

export interface SinkNode extends NodeBase {
  readonly kind: 'sink';
  readonly topic: TopicName;
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
}

/**
 * An internal topic (repartition) is named by the plan without the application: the engine puts `<application>-` before
 * it, as Kafka Streams does, so that two applications over one topology do not share it.
 */
export interface TopicName {
  readonly name: string;
  readonly isInternal: boolean;
}
