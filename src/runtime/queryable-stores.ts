import { HeadraceError } from '../errors.ts';
import type { CommittedState, Log } from '../log/log.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import type { Plan, SubTopology } from '../streams/topology/plan.ts';
import { groupOfGlobals } from './global-tables.ts';
import { topicNamer } from './partitions.ts';
import { KeyValueView, type QueriedStore, SessionView, VersionedView, WindowView } from './store-views.ts';

export interface QueryableStoresOptions {
  readonly topology: { readonly plan: Plan };
  readonly log: Pick<Log, 'state'>;
  readonly application: string;
  /** Whose global tables are read: each worker has its own (`worker-0`). */
  readonly member?: string;
  /** Of a topic by its name in the log, internal ones too; undefined where it does not exist. */
  readonly partitionsOf: (topic: string) => number | undefined;
}

type QueryableKind = 'keyValue' | 'window' | 'session' | 'versioned';

const KIND_NAMES = { keyValue: 'key-value', window: 'window', session: 'session', versioned: 'versioned' } as const;

/**
 * Interactive queries (in the spirit of KIP-67 and KIP-796) over what an application has committed, all partitions of it: never what
 * a worker has not committed yet. Views keep nothing: each call reads anew. A call is synchronous and returns an array, at most its
 * `limit` long, so that nothing is read across turns of the event loop.
 *
 * Throws STORE_UNKNOWN for a name that the topology does not have, and for one of another kind. Stores of suppress operators and of
 * joins are not for queries.
 */
export class QueryableStores {
  readonly #options: QueryableStoresOptions;
  readonly #places = new Map<string, Place>();

  constructor(options: QueryableStoresOptions) {
    this.#options = options;
    const { application, member = 'worker-0', topology } = options;
    const note = (parts: readonly SubTopology[], group: string) => {
      for (const part of parts) for (const store of part.stores) this.#places.set(store.name, { store, part, group });
    };
    note(topology.plan.subTopologies, application);
    note(topology.plan.globalTables, groupOfGlobals(application, member));
  }

  /** The stores that can be queried, by name. */
  list(): readonly { readonly name: string; readonly kind: QueryableKind }[] {
    return [...this.#places.values()]
      .flatMap(({ store }) => (isQueryable(store) ? [{ name: store.name, kind: store.kind }] : []))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  keyValue<K, V>(name: string): KeyValueView<K, V> {
    return new KeyValueView<K, V>(this.#queried(name, 'keyValue') as never);
  }

  window<K, V>(name: string): WindowView<K, V> {
    return new WindowView<K, V>(this.#queried(name, 'window') as never);
  }

  session<K, V>(name: string): SessionView<K, V> {
    return new SessionView<K, V>(this.#queried(name, 'session') as never);
  }

  versioned<K, V>(name: string): VersionedView<K, V> {
    return new VersionedView<K, V>(this.#queried(name, 'versioned') as never);
  }

  #queried(name: string, kind: QueryableKind): QueriedStore<StoreDefinition> {
    const place = this.#places.get(name);
    if (place === undefined || !isQueryable(place.store)) {
      const names = this.list().map((each) => each.name);
      throw new HeadraceError(
        'STORE_UNKNOWN',
        `The topology has no store ${name} for queries; ${names.length === 0 ? 'it has none' : `there are ${names.join(', ')}`}`,
      );
    }
    const { store, part, group } = place;
    if (store.kind !== kind) {
      throw new HeadraceError(
        'STORE_UNKNOWN',
        `Store ${name} is a ${KIND_NAMES[store.kind]} store: ask for it with ${store.kind}('${name}')`,
      );
    }
    const { application, log, partitionsOf } = this.#options;
    const nameOf = topicNamer(application);
    const partitions = Math.max(0, ...part.sources.map((source) => partitionsOf(nameOf(source.topic)) ?? 0));
    const state: CommittedState = log.state(group);
    return { definition: store, partitions, committed: (partition) => state.partition(name, partition) };
  }
}

interface Place {
  readonly store: StoreDefinition;
  readonly part: SubTopology;
  readonly group: string;
}

function isQueryable(store: StoreDefinition): store is Extract<StoreDefinition, { kind: QueryableKind }> {
  return store.kind in KIND_NAMES;
}
