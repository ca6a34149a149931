import type { Environment } from '../environment.ts';
import type { KeyCodec, Table } from '../table.ts';
import type { UpgradeContext } from './format-upgrades.ts';

/** A row of the table `stores`, JSON under the store's number. */
interface StoreRow {
  readonly group: string;
  readonly store: string;
  readonly isDropped?: true;
}

interface StateKey {
  readonly storeId: number;
  readonly partition: number;
  /** One character for each byte. */
  readonly text: string;
}

const SHARED = '__parked';
/** Read at once, so that no iterator is open over the table while it is written. */
const STEP_ENTRIES = 1_000;

/**
 * Format 2. Format 1 kept what waits behind dead letters in one store `__parked` of a group, under keys that begin with the source topic
 * and a zero; since then each source topic has a store `__parked.TOPIC` with the same keys. A release that knows only the one
 * store would find nothing parked and process keys out of their order: this is why it must not open format 2. On Kafka the
 * stores follow changelogs, where the worker moves what it finds in the commit of its next records; nothing is done here.
 */
export function parkedBySource(environment: Environment, { logKind }: UpgradeContext): void {
  if (logKind === 'kafka') return;
  const stores = environment.table('stores', numberKeys);
  const state = environment.table('state', stateKeys);
  if (stores === undefined || state === undefined) return;
  const ids = new Map<string, number>();
  const shared: [id: number, group: string][] = [];
  let nextId = 0;
  stores.forEach({}, (id, bytes) => {
    const { group, store, isDropped } = JSON.parse(Buffer.from(bytes).toString('utf8')) as StoreRow;
    nextId = Math.max(nextId, id + 1);
    if (isDropped) return true;
    ids.set(JSON.stringify([group, store]), id);
    if (store === SHARED) shared.push([id, group]);
    return true;
  });
  const idOf = (group: string, store: string) => {
    const name = JSON.stringify([group, store]);
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = nextId++;
    stores.put(id, Buffer.from(JSON.stringify({ group, store }), 'utf8'));
    ids.set(name, id);
    return id;
  };
  for (const [id, group] of shared) {
    move(state, id, (topic) => idOf(group, `${SHARED}.${topic}`));
    stores.delete(id);
  }
}

function move(state: Table<StateKey>, sharedId: number, idOfTopic: (topic: string) => number): void {
  for (;;) {
    const entries = state.entries({
      start: { storeId: sharedId, partition: 0, text: '' },
      end: { storeId: sharedId + 1, partition: 0, text: '' },
      limit: STEP_ENTRIES,
    });
    if (entries.length === 0) return;
    for (const [key, value] of entries) {
      const topic = Buffer.from(key.text.slice(0, key.text.indexOf('\u0000')), 'latin1').toString('utf8');
      const moved = { ...key, storeId: idOfTopic(topic) };
      // A worker of format 1 may have begun to move them itself: what it has written since is newer.
      if (state.get(moved) === undefined) state.put(moved, value);
      state.delete(key);
    }
  }
}

const numberKeys: KeyCodec<number> = {
  write: (key, target, start) => target.writeUInt32BE(key, start),
  read: (source, start) => source.readUInt32BE(start),
};

const stateKeys: KeyCodec<StateKey> = {
  write(key, target, start) {
    const at = target.writeUInt32BE(key.partition, target.writeUInt32BE(key.storeId, start));
    return at + target.write(key.text, at, 'latin1');
  },
  read: (source, start, end) => ({
    storeId: source.readUInt32BE(start),
    partition: source.readUInt32BE(start + 4),
    text: source.toString('latin1', start + 8, end),
  }),
};
