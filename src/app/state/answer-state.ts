import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import { QueryableStores } from '../../runtime/queryable-stores.ts';
import type { System } from '../systems.ts';
import { keyOf } from './key-text.ts';
import { plainJson } from './plain-json.ts';
import type { StateAnswer, StateRequest, StateRow, StateStore } from './state-request.ts';

export type { StateAnswer, StateRequest } from './state-request.ts';

type Queried = Exclude<StateRequest, { kind: 'list' }>;
type StateLog = Pick<Log, 'state' | 'topics'>;
type QueriedSystem = Pick<System, 'application' | 'topology'>;

/**
 * Reads the stores of systems as they are committed. Throws STORE_UNKNOWN, naming those that there are, and USAGE for a store that
 * several systems have, and for what a store of its kind can't be asked.
 */
export async function answerState(
  log: StateLog,
  systems: readonly QueriedSystem[],
  request: StateRequest,
): Promise<StateAnswer> {
  const partitions = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
  const opened = chosen(systems, request.application).map(({ application, topology }) => ({
    application,
    topology,
    queries: new QueryableStores({ log, topology, application, partitionsOf: (topic) => partitions.get(topic) }),
  }));
  const stores = opened.flatMap(({ application, queries }) =>
    queries.list().map(({ name, kind }): StateStore => ({ application, store: name, kind })),
  );
  if (request.kind === 'list') return { stores, rows: [], hasMore: false };

  const found = theOne(stores, request);
  const { queries, topology } = opened.find(({ application }) => application === found.application)!;
  const { plan } = topology;
  const { key } = [...plan.subTopologies, ...plan.globalTables]
    .flatMap((each) => each.stores)
    .find(({ name }) => name === found.store)!;
  const parse = (text: string) => keyOf(key, text);
  // One more than asked for tells whether there are more.
  const limit = request.limit + 1;
  const rows =
    request.kind === 'get' ? got(queries, found, request, parse, limit) : ranged(queries, found, request, parse, limit);
  return { stores: [found], rows: rows.slice(0, request.limit).map(shown), hasMore: rows.length > request.limit };
}

function chosen(systems: readonly QueriedSystem[], application: string | undefined): readonly QueriedSystem[] {
  if (application === undefined) return systems;
  const system = systems.find((each) => each.application === application);
  if (system !== undefined) return [system];
  const names = systems.map((each) => each.application).join(', ');
  throw new HeadraceError('USAGE', `There is no application ${application}; there are: ${names}`);
}

function theOne(stores: readonly StateStore[], { store }: Queried): StateStore {
  const [found, other] = stores.filter((each) => each.store === store);
  if (found === undefined) {
    const names = stores.map((each) => each.store).join(', ');
    throw new HeadraceError('STORE_UNKNOWN', `There is no store ${store} for queries; there are: ${names}`);
  }
  if (other === undefined) return found;
  throw new HeadraceError(
    'USAGE',
    `${found.application} and ${other.application} both have a store ${store}: name one with --application`,
  );
}

type Parse = (text: string) => unknown;

function got(
  queries: QueryableStores,
  { store, kind }: StateStore,
  request: Queried & { kind: 'get' },
  parse: Parse,
  limit: number,
): readonly StateRow[] {
  const { asOf } = request;
  if (asOf !== undefined && kind !== 'versioned') {
    throw new HeadraceError('USAGE', `Store ${store} keeps no history: only versioned stores are asked as of a time`);
  }
  const key = parse(request.key);
  switch (kind) {
    case 'keyValue':
      return present(queries.keyValue<unknown, unknown>(store).get(key));
    case 'versioned': {
      const view = queries.versioned<unknown, unknown>(store);
      return present(asOf === undefined ? view.get(key) : view.asOf(key, asOf));
    }
    case 'window':
      return queries
        .window<unknown, unknown>(store)
        .fetch(key, { limit })
        .map((each) => ({ key, ...each }));
    case 'session':
      return queries
        .session<unknown, unknown>(store)
        .fetch(key, { limit })
        .map((each) => ({ key, ...each }));
  }
}

function ranged(
  queries: QueryableStores,
  { store, kind }: StateStore,
  { from, to }: Queried & { kind: 'range' },
  parse: Parse,
  limit: number,
): readonly StateRow[] {
  if (kind === 'window' || kind === 'session') {
    if (from !== undefined || to !== undefined) {
      throw new HeadraceError('USAGE', `Store ${store} is in the order of time: leave --from and --to out`);
    }
    const view = kind === 'window' ? queries.window<unknown, unknown>(store) : queries.session<unknown, unknown>(store);
    return view
      .fetchAll({ limit })
      .map(({ key: { key, window }, value, timestamp }) => ({ key, window, value, timestamp }));
  }
  const range = {
    limit,
    ...(from === undefined ? {} : { from: parse(from) }),
    ...(to === undefined ? {} : { to: parse(to) }),
  };
  return (kind === 'keyValue' ? queries.keyValue(store) : queries.versioned(store)).range(range);
}

function present(row: StateRow | null): readonly StateRow[] {
  return row === null ? [] : [row];
}

function shown({ key, value, ...rest }: StateRow): StateRow {
  return { key: plainJson(key), value: plainJson(value), ...rest };
}
