import { HeadraceError } from '../errors.ts';
import { bytesSerde } from '../serde/primitives.ts';
import type { Serde } from '../serde/serde.ts';
import { checkName, type Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { subscriptionAnswerSerde, subscriptionSerde } from './subscription-serde.ts';
import type { Node } from './topology/nodes.ts';

/** How to join a table with one that its rows point to. */
export interface ForeignKeyJoinOptions<K, V, FK, R, V2 = unknown> {
  /** Names the result's store and the internal topics; both become part of what is on disk: keep it. */
  readonly name: string;
  /** The serde of the joined rows. */
  readonly value: Serde<R>;
  /** Of this table's keys and rows, where they are not known. */
  readonly left?: KnownSerdes<K, V>;
  /** Of the other table's keys, where they are not known. */
  readonly foreignKey?: Serde<FK>;
  /** Of the other table's rows, where they are not known. */
  readonly otherValue?: Serde<V2>;
}

interface Side {
  readonly node: Node;
  readonly serdes: KnownSerdes<unknown, unknown>;
}

export interface ForeignKeyJoin {
  readonly left: Side;
  readonly right: Side;
  readonly isLeft: boolean;
  readonly foreignKeyOf: (value: unknown, key: unknown) => unknown;
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
  readonly name: string;
  readonly value: Serde<unknown>;
}

/** The nodes of a foreign-key join: ask, look up where the foreign key lives, take the answer, keep the result. */
export function addForeignKeyJoin(graph: Graph, join: ForeignKeyJoin): Node {
  const { left, right, isLeft, foreignKeyOf, joiner, name, value } = join;
  checkName(name, 'joinOnForeignKey');
  const required = (serde: Serde<unknown> | undefined, what: string, option: string): Serde<unknown> => {
    if (serde !== undefined) return serde;
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `joinOnForeignKey(${name}): the serde of ${what} is not known here; give it in ${option}`,
    );
  };
  const key = required(left.serdes.key, "this table's keys", 'left');
  const row = required(left.serdes.value, "this table's rows", 'left');
  const foreignKey = required(right.serdes.key, "the other table's keys", 'foreignKey');
  const foreignRow = required(right.serdes.value, "the other table's rows", 'otherValue');
  const asked = graph.add(
    { kind: 'foreignKeySubscribe', parents: [left.node], isLeft, foreignKeyOf, key, value: row, foreignKey },
    'KTABLE-FK-SUBSCRIBE',
    `${name}-subscribe`,
  );
  const subscriptions = graph.add(
    {
      kind: 'repartition',
      parents: [asked],
      key: foreignKey,
      value: subscriptionSerde as Serde<unknown>,
      partitions: undefined,
    },
    'KTABLE-FK-SUBSCRIPTION',
    `${name}-subscription`,
  );
  const store = Object.freeze({
    kind: 'keyValue',
    name: `${name}-subscriptions`,
    key: bytesSerde as Serde<unknown>,
    value: bytesSerde as Serde<unknown>,
    timestamped: false,
  } as const);
  const answers = graph.add(
    { kind: 'foreignKeyJoin', parents: [subscriptions, right.node], store, key, foreignKey },
    'KTABLE-FK-JOIN',
    `${name}-lookup`,
  );
  const answered = graph.add(
    {
      kind: 'repartition',
      parents: [answers],
      key,
      value: subscriptionAnswerSerde(foreignRow) as Serde<unknown>,
      partitions: undefined,
    },
    'KTABLE-FK-ANSWER',
    `${name}-answer`,
  );
  const joined = graph.add(
    { kind: 'foreignKeyResponse', parents: [answered, left.node], isLeft, value: row, joiner },
    'KTABLE-FK-RESPONSE',
    `${name}-response`,
  );
  const result = Object.freeze({ kind: 'keyValue', name, key, value, timestamped: true } as const);
  return graph.add({ kind: 'toTable', parents: [joined], store: result }, 'KTABLE-FK-RESULT', `${name}-result`);
}
