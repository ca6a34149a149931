import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { Serde } from '../../serde/serde.ts';
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition,
} from '../../state/store-definition.ts';
import { type Plan, type SubTopology, storesOf } from '../../streams/topology/plan.ts';
import { groupOfGlobals } from '../global-tables.ts';
import { topicNamer } from '../partitions.ts';
import {
  type KeyValueQueries,
  type KeyValueRow,
  plainQueries,
  type TableRow,
  tableQueries,
} from './key-value-queries.ts';
import type { QueriedStore } from './queried-store.ts';
import { SessionQueries } from './session-queries.ts';
import { VersionedQueries } from './versioned-queries.ts';
import { WindowQueries } from './window-queries.ts';

/** The views of stores by kind: `table` for tables and aggregates, `keyValue` for the stores of `process`. */
export interface QueriesByKind<K, V> {
  readonly keyValue: KeyValueQueries<K, V, 'keyValue', KeyValueRow<K, V>>;
  readonly table: KeyValueQueries<K, V, 'table', TableRow<K, V>>;
  readonly window: WindowQueries<K, V>;
  readonly session: SessionQueries<K, V>;
  readonly versioned: VersionedQueries<K, V>;
}

/** The kinds of stores that can be asked. */
export type QueriedKind = keyof QueriesByKind<unknown, unknown>;

/** A view of one store, read only; which one tells its `kind`. */
export type StoreQueries<K = unknown, V = unknown, Kind extends QueriedKind = QueriedKind> = QueriesByKind<K, V>[Kind];

/** How a store is to be read. */
export interface OpenStoreOptions<K, V, Kind extends QueriedKind> {
  /** The kind that it must be of; with it the view has that one's methods. */
  readonly kind?: Kind;
  /** Those that the topology gives it, which are used without them: these tell the types. */
  readonly key?: Serde<K>;
  readonly value?: Serde<V>;
}

/** Whose stores are read. */
export interface QueriedApplication {
  readonly plan: Plan;
  readonly log: Pick<Log, 'state'>;
  readonly application: string;
  /** Whose global tables are read: each worker has its own (`worker-0`). */
  readonly member?: string | undefined;
  /** Of a topic by its name in the log, internal ones too; undefined where it does not exist. */
  readonly partitionsOf: (topic: string) => number | undefined;
}

/**
 * A view of what an application has committed in one store, all partitions of it (in the spirit of KIP-67 and KIP-796): never what
 * its worker has not committed yet, nor what failed or was dropped.
 *
 * A query is synchronous and reads everything before it returns, and so does a commit write: each query therefore sees the state
 * after one commit, whole, over all partitions and keys. Two queries with an `await` between them may see two commits. A view
 * holds nothing and stays good, after a reset of the application too.
 *
 * Throws STORE_UNKNOWN for a name that the topology does not have, for a store of another kind than is asked for, and for those that
 * suppress operators and joins keep for themselves. Queries throw LOG_CLOSED once the log is closed, and USAGE for a range that is
 * none.
 */
export function openStore<K = unknown, V = unknown, Kind extends QueriedKind = QueriedKind>(
  application: QueriedApplication,
  name: string,
  { kind, key, value }: OpenStoreOptions<K, V, Kind> = {},
): StoreQueries<K, V, Kind> {
  const place = placesIn(application.plan).find(({ store }) => store.name === name);
  if (place === undefined || kindOf(place) === undefined) throw notThere(application.plan, name, place);
  const found = kindOf(place)!;
  if (kind !== undefined && kind !== found) {
    throw new HeadraceError('STORE_UNKNOWN', `Store ${name} is of the kind '${found}', not '${kind}'`);
  }
  const definition = {
    ...place.store,
    ...(key === undefined ? {} : { key }),
    ...(value === undefined ? {} : { value }),
  } as StoreDefinition;
  return viewOf<K, V>(found, queriedIn(application, place, definition)) as StoreQueries<K, V, Kind>;
}

/** The stores of a plan that can be queried, with their kinds, in the order of their names. */
export function queriedStores(plan: Plan): readonly { readonly name: string; readonly kind: QueriedKind }[] {
  return placesIn(plan)
    .flatMap((place) => {
      const kind = kindOf(place);
      return kind === undefined ? [] : [{ name: place.store.name, kind }];
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** A store, and the part of the plan whose tasks keep it. */
interface Place {
  readonly store: StoreDefinition;
  readonly part: SubTopology;
  readonly isGlobal: boolean;
}

function placesIn({ subTopologies, globalTables }: Plan): readonly Place[] {
  const within = (parts: readonly SubTopology[], isGlobal: boolean) =>
    parts.flatMap((part) => part.stores.map((store): Place => ({ store, part, isGlobal })));
  return [...within(subTopologies, false), ...within(globalTables, true)];
}

/** Undefined for what an operator keeps for itself: its form is no promise to anyone. */
function kindOf({ store, part }: Place): QueriedKind | undefined {
  switch (store.kind) {
    case 'window':
    case 'session':
    case 'versioned':
      return store.kind;
    case 'keyValue': {
      const isOfJoin = part.nodes.some((node) => node.kind === 'foreignKeyJoin' && storesOf(node).includes(store));
      return isOfJoin ? undefined : store.timestamped ? 'table' : 'keyValue';
    }
    default:
      return undefined;
  }
}

function queriedIn<D extends StoreDefinition>(
  { log, application, member = 'worker-0', partitionsOf }: QueriedApplication,
  { part, isGlobal }: Place,
  definition: D,
): QueriedStore<D> {
  const topic = topicNamer(application)(part.sources[0]!.topic);
  const state = log.state(isGlobal ? groupOfGlobals(application, member) : application);
  return {
    definition,
    partitions: partitionsOf(topic) ?? 0,
    committed: (partition) => state.partition(definition.name, partition),
  };
}

/** The one place where the erased types of a plan meet those that the caller names. */
function viewOf<K, V>(kind: QueriedKind, store: QueriedStore<StoreDefinition>): StoreQueries<K, V> {
  switch (kind) {
    case 'keyValue':
      return plainQueries(store as QueriedStore<KeyValueStoreDefinition<K, V>>);
    case 'table':
      return tableQueries(store as QueriedStore<KeyValueStoreDefinition<K, V>>);
    case 'window':
      return new WindowQueries(store as QueriedStore<WindowStoreDefinition<K, V>>);
    case 'session':
      return new SessionQueries(store as QueriedStore<SessionStoreDefinition<K, V>>);
    case 'versioned':
      return new VersionedQueries(store as QueriedStore<VersionedStoreDefinition<K, V>>);
  }
}

function notThere(plan: Plan, name: string, place: Place | undefined): HeadraceError {
  const names = queriedStores(plan).map((each) => each.name);
  const there = names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`;
  return place === undefined
    ? new HeadraceError('STORE_UNKNOWN', `The topology has no store ${name}; for queries ${there}`)
    : new HeadraceError(
        'STORE_UNKNOWN',
        `Store ${name} is what a join or a suppress operator keeps for itself, and is not for queries; for queries ${there}`,
      );
}
