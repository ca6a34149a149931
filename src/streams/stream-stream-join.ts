import type { Serde } from '../serde/serde.ts';
import type { JoinWindowStoreDefinition, UnjoinedStoreDefinition } from '../state/store-definition.ts';
import { checkName, type Graph } from './graph.ts';
import { checkedJoinWindows, type JoinWindows } from './join-windows.ts';
import { addLateOfJoin } from './late-records.ts';
import { type KnownSerdes, partitionedByKey } from './partitioned-by-key.ts';
import { requiredSerdes } from './required-serdes.ts';
import type { KStream } from './stream.ts';
import type { Node } from './topology/nodes.ts';

/** How to join a stream with a stream. */
export interface StreamJoinOptions<K, V, V2> {
  /** Names the stores, and the repartition topics where they are needed. It becomes part of the state on disk: keep it. */
  readonly name: string;
  readonly windows: JoinWindows;
  readonly key?: Serde<K>;
  /** The serde of this stream's values. */
  readonly value?: Serde<V>;
  /** The serde of the other stream's values. */
  readonly otherValue?: Serde<V2>;
  /**
   * Called at once, with the streams of the records that came after window and grace had passed in their own stream: later ones will
   * not be joined with them. They are counted as skipped as well.
   */
  readonly late?: {
    /** Gets those of this stream. */
    readonly left?: (late: KStream<K, V>) => void;
    /** Gets those of the other stream. */
    readonly right?: (late: KStream<K, V2>) => void;
  };
}

interface Side {
  readonly node: Node;
  readonly serdes: KnownSerdes<unknown, unknown>;
}

/** The node that joins two streams, each partitioned by its key. Stores are named as Kafka Streams names them (KIP-479). */
export function addStreamStreamJoin(
  graph: Graph,
  left: Side,
  right: Side,
  join: 'inner' | 'left' | 'outer',
  joiner: (left: unknown, right: unknown, key: unknown) => unknown,
  options: StreamJoinOptions<unknown, unknown, unknown>,
): { readonly node: Node; readonly key: Serde<unknown> } {
  const { name } = options;
  checkName(name, 'join');
  const windows = checkedJoinWindows(options.windows);
  const operator = `${join === 'inner' ? 'join' : `${join}Join`}(${name})`;
  const one = requiredSerdes({ key: options.key, value: options.value }, left.serdes, operator);
  const other = requiredSerdes(
    { key: options.key, value: options.otherValue },
    { key: right.serdes.key ?? one.key, value: right.serdes.value },
    `${operator}, the other stream`,
  );
  const parents = [
    partitionedByKey(graph, left.node, operator, `${name}-left`, one),
    partitionedByKey(graph, right.node, operator, `${name}-right`, other),
  ];
  const retentionMs = windows.beforeMs + windows.afterMs + windows.graceMs;
  const store = (suffix: string, { key, value }: typeof one): JoinWindowStoreDefinition =>
    Object.freeze({
      kind: 'joinWindow',
      name: `${name}-${suffix}-join-store`,
      key,
      value,
      windowMs: windows.beforeMs + windows.afterMs,
      retentionMs,
    });
  const unjoined: UnjoinedStoreDefinition = Object.freeze({
    kind: 'unjoined',
    name: `${name}-${join}-shared-join-store`,
    key: one.key,
    left: one.value,
    right: other.value,
  });
  const node = graph.add(
    {
      kind: 'streamStreamJoin',
      parents,
      join,
      windows,
      joiner,
      leftStore: store('this', one),
      rightStore: store('other', other),
      unjoined: join === 'inner' ? undefined : unjoined,
    },
    'KSTREAM-JOIN',
    `${name}-join`,
  );
  addLateOfJoin(graph, node, [one, other], options);
  return { node, key: one.key };
}
