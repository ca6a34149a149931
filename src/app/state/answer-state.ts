import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import {
  openStore,
  type QueriedApplication,
  queriedStores,
  type StoreQueries,
} from '../../runtime/queries/open-store.ts';
import type { System } from '../systems.ts';
import { keyOf } from './key-text.ts';
import { plainJson } from './plain-json.ts';
import type { StateAnswer, StateRequest, StateRow, StateStore } from './state-request.ts';
import { storesOfSystem } from './system-stores.ts';

export type { StateAnswer, StateRequest } from './state-request.ts';

type Queried = Exclude<StateRequest, { kind: 'list' }>;

/**
 * Reads the stores of systems as they are committed. Throws STORE_UNKNOWN, naming those that there are, and USAGE for a store that
 * several systems have, and for what a store of its kind can't be asked.
 */
export async function answerState(
  log: Pick<Log, 'state' | 'readState' | 'topics' | 'instance'>,
  systems: readonly Pick<System, 'application' | 'topology'>[],
  request: StateRequest,
): Promise<StateAnswer> {
  const partitions = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
  const partitionsOf = (topic: string) => partitions.get(topic);
  const member = log.instance === undefined ? undefined : `${log.instance}.worker-0`;
  const applications = systems.map(
    ({ application, topology: { plan } }): QueriedApplication => ({ application, plan, log, member, partitionsOf }),
  );
  const stores = chosen(applications, request.application).flatMap((each) =>
    queriedStores(each.plan).map((store) => ({ ...store, application: each })),
  );
  if (request.kind === 'list') return { stores: stores.map(listed), rows: [], hasMore: false };

  const found = theOne(stores, request);
  const { application } = found.application;
  const system = systems.find((each) => each.application === application)!;
  const key = keySerde(found.application, request.store);
  // One more than asked for tells whether there are more.
  const asked = { ...request, limit: request.limit + 1 };
  const parse = (text: string) => keyOf(key, text);
  const rows = await log.readState(storesOfSystem(system), (state) => {
    // Global tables are in groups of their own, whole in each process.
    const reading = { state: (group: string) => (group === application ? state : log.state(group)) };
    const queries = openStore({ ...found.application, log: reading }, request.store);
    return asked.kind === 'get' ? got(queries, asked, parse) : ranged(queries, asked, parse);
  });
  return {
    stores: [listed(found)],
    rows: rows.slice(0, request.limit).map(shown),
    hasMore: rows.length > request.limit,
  };
}

interface FoundStore {
  readonly name: string;
  readonly kind: StateStore['kind'];
  readonly application: QueriedApplication;
}

function chosen(applications: readonly QueriedApplication[], name: string | undefined): readonly QueriedApplication[] {
  if (name === undefined) return applications;
  const found = applications.filter(({ application }) => application === name);
  if (found.length > 0) return found;
  const names = applications.map(({ application }) => application).join(', ');
  throw new HeadraceError('USAGE', `There is no application ${name}; there are: ${names}`);
}

/** Throws what openStore throws where one application is asked and does not have it. */
function theOne(stores: readonly FoundStore[], { store }: Queried): FoundStore {
  const [found, other] = stores.filter(({ name }) => name === store);
  if (found === undefined) {
    const names = stores.map(({ name }) => name).join(', ');
    throw new HeadraceError('STORE_UNKNOWN', `There is no store ${store} for queries; there are: ${names}`);
  }
  if (other === undefined) return found;
  throw new HeadraceError(
    'USAGE',
    `${found.application.application} and ${other.application.application} both have a store ${store}: name one with --application`,
  );
}

function keySerde({ plan }: QueriedApplication, store: string) {
  const stores = [...plan.subTopologies, ...plan.globalTables].flatMap((each) => each.stores);
  return stores.find(({ name }) => name === store)!.key;
}

function got(
  queries: StoreQueries,
  { key: text, asOf, limit }: Queried & { kind: 'get' },
  parse: (text: string) => unknown,
): readonly StateRow[] {
  if (asOf !== undefined && queries.kind !== 'versioned') {
    throw new HeadraceError(
      'USAGE',
      `Store ${queries.name} keeps no history: only a versioned one is asked as of a time`,
    );
  }
  const key = parse(text);
  if (queries.kind === 'window' || queries.kind === 'session') return queries.fetch(key, { limit });
  const row = queries.kind === 'versioned' && asOf !== undefined ? queries.asOf(key, asOf) : queries.get(key);
  return row === undefined ? [] : [row];
}

function ranged(
  queries: StoreQueries,
  { from, to, limit }: Queried & { kind: 'range' },
  parse: (text: string) => unknown,
): readonly StateRow[] {
  if (queries.kind !== 'window' && queries.kind !== 'session') {
    const bound = (name: 'from' | 'to', text: string | undefined) =>
      text === undefined ? {} : { [name]: parse(text) };
    return queries.range({ limit, ...bound('from', from), ...bound('to', to) });
  }
  if (from !== undefined || to !== undefined) {
    throw new HeadraceError('USAGE', `Store ${queries.name} is in the order of time: leave --from and --to out`);
  }
  return queries.fetchAll({ limit });
}

function listed({ name, kind, application: { application } }: FoundStore): StateStore {
  return { application, store: name, kind };
}

function shown({ key, value, ...rest }: StateRow): StateRow {
  return { ...rest, key: plainJson(key), value: plainJson(value) };
}
