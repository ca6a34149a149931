import { createHash } from 'node:crypto';
import { HeadraceError } from '../errors.ts';
import type { CommittedPartition, CommittedState } from '../log/log.ts';
import type { TopicPartition } from '../log/record.ts';
import { toBinaryString } from '../state/binary-string.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { Redact } from './dead-letter.ts';
import { parkedStoreOf, SHARED_PARKED_STORE } from './engine-stores.ts';
import type { ErrorPolicy } from './error-handlers.ts';

/** Keys of one partition that may wait at once, unless told otherwise: all of them are held in memory. */
export const PARKED_KEYS_MAX = 10_000;

/** How many keys a worker with this policy may park; 0 where it parks none. */
export function keysMaxOf({ parkKeys = false }: ErrorPolicy): number {
  if (typeof parkKeys === 'boolean') return parkKeys ? PARKED_KEYS_MAX : 0;
  const { keysMax } = parkKeys;
  if (Number.isSafeInteger(keysMax) && keysMax >= 1) return keysMax;
  throw new HeadraceError('TOPOLOGY_INVALID', `parkKeys.keysMax must be a whole number, at least 1, not ${keysMax}`);
}

/** A longer key stands in the store by its hash: two that met there would wait for each other, and nothing else. */
const KEY_BYTES_MAX = 1_024;
/** Begins the name of a longer key; no byte is so great. */
const HASH_MARK = '\u0100';

/**
 * What a key is known by: its bytes as a dead letter keeps them, so that a replay of that has the same name. Called for every
 * record while anything waits.
 */
export function parkedName(key: Uint8Array, redact: Redact): string {
  const isShort = key.length <= KEY_BYTES_MAX;
  const text = isShort
    ? toBinaryString(key)
    : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  const redacted = redact(text);
  const kept = redacted === text ? text : Buffer.from(redacted, 'latin1').toString('latin1');
  return isShort ? kept : HASH_MARK + toBinaryString(createHash('sha256').update(kept, 'latin1').digest());
}

/** The records of one key that wait. */
export interface ParkedKey {
  /** Offset of the first dead letter: it tells this waiting from earlier ones of the key. */
  readonly episode: number;
  /** The sequence to be replayed next, and the last one that waits. */
  readonly next: number;
  readonly last: number;
}

/**
 * The keys of one source partition whose later records wait behind a dead letter. They are kept in the task's write buffer, so
 * that letters, offsets and this are one commit, and in memory, so that a record of another key costs one look into a map.
 * Nothing here is changed while a record's savepoint may still be rolled back.
 */
export class ParkedKeys {
  readonly #buffer: WriteBuffer;
  readonly #source: TopicPartition;
  readonly #keysMax: number;
  readonly #keys: Map<string, ParkedKey>;
  #dropped: number;

  /** With `keysMax` 0 no further key is parked; those that are wait on. */
  constructor(buffer: WriteBuffer, source: TopicPartition, keysMax: number) {
    this.#buffer = buffer;
    this.#source = source;
    this.#keysMax = keysMax;
    this.#keys = new Map(entriesOf(buffer, source.topic));
    this.#dropped = droppedIn(buffer, source.topic);
  }

  get count(): number {
    return this.#keys.size;
  }

  /** What waits of a key, by its {@link parkedName}. */
  of(name: string): ParkedKey | undefined {
    return this.#keys.get(name);
  }

  /** Its first dead letter, at that offset, is the first of those that wait. Throws PARKED_KEYS_FULL; undefined where none may. */
  begin(name: string, offset: number): ParkedKey | undefined {
    if (this.#keysMax === 0) return undefined;
    if (this.#keys.size >= this.#keysMax) {
      const { topic, partition } = this.#source;
      throw new HeadraceError(
        'PARKED_KEYS_FULL',
        `${this.#keysMax} keys of ${topic}-${partition} wait behind dead letters already, and one more record failed. Allow more (parkKeys), mend the cause and replay what waits`,
        { where: { topic, partition, offset } },
      );
    }
    return this.#put(name, { episode: offset, next: 0, last: 0 });
  }

  /** One more record of a key waits; returns its sequence. */
  append(name: string, parked: ParkedKey): number {
    return this.#put(name, { ...parked, last: parked.last + 1 }).last;
  }

  /** The next one has had its turn; behind the last one the key is free. */
  advance(name: string, parked: ParkedKey): void {
    if (parked.next < parked.last) this.#put(name, { ...parked, next: parked.next + 1 });
    else {
      this.#keys.delete(name);
      this.#buffer.put(stateKey(this.#source.topic, name), null);
    }
  }

  /** A replay was dropped: counted for good, so that input and outcomes can be compared. */
  noteDropped(): void {
    this.#buffer.put(droppedKey(this.#source.topic), numbers(++this.#dropped));
  }

  #put(name: string, parked: ParkedKey): ParkedKey {
    this.#keys.set(name, parked);
    this.#buffer.put(stateKey(this.#source.topic, name), numbers(parked.episode, parked.next, parked.last));
    return parked;
  }
}

/** What the committed state says of one source partition. */
export interface CommittedParking {
  /** What waits of each parked key, in no order that means anything. */
  readonly keys: readonly ParkedKey[];
  /** Replays that were dropped so far. */
  readonly dropped: number;
}

export function committedParking(state: CommittedState, { topic, partition }: TopicPartition): CommittedParking {
  const stores = [parkedStoreOf(topic), SHARED_PARKED_STORE].map((store) => state.partition(store, partition));
  return {
    keys: stores.flatMap((store) => [...entriesOf(store, topic)].map(([, parked]) => parked)),
    dropped: stores.reduce((sum, store) => sum + droppedIn(store, topic), 0),
  };
}

/**
 * The buffer for the {@link ParkedKeys} of a source partition. What an earlier release kept in the shared store moves: it is put here
 * and deleted in `shared`, in the same commit, so that each key stands in one of the two.
 */
export function parkedBuffer(
  state: CommittedState,
  { topic, partition }: TopicPartition,
  shared: WriteBuffer,
): WriteBuffer {
  const store = parkedStoreOf(topic);
  const own = new WriteBuffer(store, partition, state.partition(store, partition));
  for (const kind of ['h', 'k', 'dropped'] as const) {
    for (const [key, value] of [...shared.range(...bounds(topic, kind))]) {
      own.put(key, value);
      shared.put(key, null);
    }
  }
  return own;
}

type Ranged = Pick<CommittedPartition, 'range'>;

/** The character behind the last of the prefix begins what is no longer under it. */
function bounds(topic: string, kind: 'k' | 'h' | 'dropped'): readonly [from: string, to: string] {
  const prefix = keyPrefix(topic, kind);
  return [prefix, `${prefix.slice(0, -1)}\u0001`];
}

function* entriesOf(store: Ranged, topic: string): IterableIterator<readonly [string, ParkedKey]> {
  for (const kind of ['h', 'k'] as const) {
    const mark = kind === 'h' ? HASH_MARK : '';
    const prefix = keyPrefix(topic, kind);
    for (const [stored, bytes] of store.range(...bounds(topic, kind))) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const name = mark + stored.slice(prefix.length);
      yield [name, { episode: view.getFloat64(0), next: view.getFloat64(8), last: view.getFloat64(16) }];
    }
  }
}

function droppedIn(store: Ranged, topic: string): number {
  const key = droppedKey(topic);
  for (const [, bytes] of store.range(key, `${key}\u0000`))
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
  return 0;
}

/** The topic stands in the key because all topics once shared a store; a topic's name holds no zero. */
function keyPrefix(topic: string, kind: 'k' | 'h' | 'dropped'): string {
  return `${toBinaryString(Buffer.from(topic))}\u0000${kind}\u0000`;
}

function droppedKey(topic: string): string {
  return keyPrefix(topic, 'dropped');
}

function stateKey(topic: string, name: string): string {
  return isHash(name) ? keyPrefix(topic, 'h') + name.slice(1) : keyPrefix(topic, 'k') + name;
}

function isHash(name: string): boolean {
  return name.charCodeAt(0) === HASH_MARK.charCodeAt(0);
}

function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => void view.setFloat64(index * 8, value));
  return bytes;
}
