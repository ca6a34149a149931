import { toBinaryString } from '../../state/binary-string.ts';
import { SessionStore } from '../../state/session-store.ts';
import type { SessionStoreDefinition } from '../../state/store-definition.ts';
import type { WriteBuffer } from '../../state/write-buffer.ts';
import { compareText, first, firstFound, gathered, type QueriedStore } from './queried-store.ts';
import { type TimeRange, timesOf } from './query-range.ts';
import type { WindowRow } from './window-queries.ts';

/** Reads the store of an aggregate over sessions. The timestamp of a session is its end. */
export class SessionQueries<K, V> {
  readonly kind = 'session';
  readonly name: string;
  readonly #store: QueriedStore<SessionStoreDefinition<K, V>>;

  constructor(store: QueriedStore<SessionStoreDefinition<K, V>>) {
    this.#store = store;
    this.name = store.definition.name;
  }

  /** The sessions of a key that touch from..to, in the order of their ends. */
  fetch(key: K, range: TimeRange = {}): readonly WindowRow<K, V>[] {
    const { from, to } = timesOf(range);
    if (to < from) return [];
    return firstFound(this.#store, key, (buffer) => first(range.limit, this.#opened(buffer).fetch(key, from, to))).map(
      ([window, value]) => ({ key, window, value, timestamp: window.end }),
    );
  }

  /** The sessions of all keys and partitions that touch from..to, in the order of their ends, then starts, then serialised keys. */
  fetchAll(range: TimeRange = {}): readonly WindowRow<K, V>[] {
    const { from, to } = timesOf(range);
    if (to < from) return [];
    const { key: serde } = this.#store.definition;
    const binary = (key: K) => toBinaryString(serde.serialize(key));
    return gathered(
      this.#store,
      range.limit,
      (buffer) => this.#touching(buffer, from, to),
      ([{ key: one, window: left }], [{ key: other, window: right }]) =>
        left.end - right.end || left.start - right.start || compareText(binary(one), binary(other)),
    ).map(([{ key, window }, value, timestamp]) => ({ key, window, value, timestamp }));
  }

  *#touching(buffer: WriteBuffer, from: number, to: number) {
    for (const session of this.#opened(buffer).fetchAll(from)) if (session[0].window.start <= to) yield session;
  }

  #opened(buffer: WriteBuffer): SessionStore<K, V> {
    return new SessionStore(this.#store.definition, buffer);
  }
}
