import { toBinaryString } from '../../state/binary-string.ts';
import type { WindowStoreDefinition } from '../../state/store-definition.ts';
import { WindowStore } from '../../state/window-store.ts';
import type { Window } from '../../state/windowed.ts';
import type { WriteBuffer } from '../../state/write-buffer.ts';
import { compareText, first, firstFound, gathered, type QueriedStore } from './queried-store.ts';
import { type TimeRange, timesOf } from './query-range.ts';

/** The value of one key in one window or session. */
export interface WindowRow<K, V> {
  readonly key: K;
  readonly window: Window;
  readonly value: V;
  /** The greatest timestamp of the records in it. */
  readonly timestamp: number;
}

/** Reads the store of an aggregate over time windows or sliding windows. */
export class WindowQueries<K, V> {
  readonly kind = 'window';
  readonly name: string;
  readonly #store: QueriedStore<WindowStoreDefinition<K, V>>;

  constructor(store: QueriedStore<WindowStoreDefinition<K, V>>) {
    this.#store = store;
    this.name = store.definition.name;
  }

  /** The window of a key that begins at `start`. */
  get(key: K, start: number): WindowRow<K, V> | undefined {
    return this.fetch(key, { from: start, to: start })[0];
  }

  /** The windows of a key that begin in from..to, in the order of their starts. */
  fetch(key: K, range: TimeRange = {}): readonly WindowRow<K, V>[] {
    const { from, to } = timesOf(range);
    const { windowMs } = this.#store.definition;
    return firstFound(this.#store, key, (buffer) => first(range.limit, this.#opened(buffer).fetch(key, from, to))).map(
      ({ start, value, timestamp }) => ({ key, window: { start, end: start + windowMs }, value, timestamp }),
    );
  }

  /** The windows of all keys and partitions that begin in from..to, in the order of their starts and then of the serialised keys. */
  fetchAll(range: TimeRange = {}): readonly WindowRow<K, V>[] {
    const { from, to } = timesOf(range);
    const { key: serde } = this.#store.definition;
    const binary = (key: K) => toBinaryString(serde.serialize(key));
    return gathered(
      this.#store,
      range.limit,
      (buffer) => this.#opened(buffer).fetchAll(from, to),
      ([left], [right]) => left.window.start - right.window.start || compareText(binary(left.key), binary(right.key)),
    ).map(([{ key, window }, value, timestamp]) => ({ key, window, value, timestamp }));
  }

  #opened(buffer: WriteBuffer): WindowStore<K, V> {
    return new WindowStore(this.#store.definition, buffer);
  }
}
