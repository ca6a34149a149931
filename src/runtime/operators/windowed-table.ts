import type { SessionStore } from '../../state/session-store.ts';
import type { SuppressBuffer } from '../../state/suppress-buffer.ts';
import type { WindowStore } from '../../state/window-store.ts';
import type { Windowed } from '../../state/windowed.ts';
import type { TableReader } from './table.ts';

/** The rows of an aggregate over time or sliding windows, by windowed key. */
export function windowedTable(store: WindowStore<unknown, unknown>): TableReader {
  return {
    get(windowedKey) {
      const { key, window } = windowedKey as Windowed<unknown>;
      return store.get(key, window.start);
    },
    get timestamp() {
      return store.timestamp;
    },
  };
}

/** The rows of an aggregate over sessions: the timestamp of one is its end. */
export function sessionTable(store: SessionStore<unknown, unknown>): TableReader {
  let timestamp = -1;
  return {
    get(windowedKey) {
      const { key, window } = windowedKey as Windowed<unknown>;
      timestamp = window.end;
      return store.get(key, window);
    },
    get timestamp() {
      return timestamp;
    },
  };
}

/** A suppressed table: of what is held back the row that was sent on before, whose timestamp nobody knows any more (-1). */
export function suppressedTable(buffer: SuppressBuffer<unknown, unknown>, source: TableReader): TableReader {
  let timestamp = -1;
  return {
    get(key) {
      const prior = buffer.prior(key);
      if (prior !== undefined) {
        timestamp = -1;
        return prior;
      }
      const row = source.get(key);
      timestamp = source.timestamp;
      return row;
    },
    get timestamp() {
      return timestamp;
    },
  };
}
