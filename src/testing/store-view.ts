import { SerdeKeyValueStore } from '../state/key-value-store.ts';
import { SessionStore } from '../state/session-store.ts';
import type { KeyValueStoreDefinition, StoreDefinition } from '../state/store-definition.ts';
import { SuppressBuffer } from '../state/suppress-buffer.ts';
import { TimestampedStore } from '../state/timestamped-store.ts';
import { WindowStore } from '../state/window-store.ts';
import type { Windowed } from '../state/windowed.ts';
import type { WriteBuffer } from '../state/write-buffer.ts';

/** Any store as a test reads it: windows and sessions under windowed keys, and of a suppress operator what it holds back. */
export interface StoreView {
  get(key: unknown): unknown;
  range(): Iterable<readonly [key: unknown, value: unknown]>;
}

export function viewOf(definition: StoreDefinition, buffer: WriteBuffer): StoreView {
  switch (definition.kind) {
    case 'window': {
      const store = new WindowStore(definition, buffer);
      return {
        get: (key) => store.get((key as Windowed<unknown>).key, (key as Windowed<unknown>).window.start),
        range: () => [...store.fetchAll()].map(([key, value]) => [key, value] as const),
      };
    }
    case 'session': {
      const store = new SessionStore(definition, buffer);
      return {
        get: (key) => store.get((key as Windowed<unknown>).key, (key as Windowed<unknown>).window),
        range: () => [...store.fetchAll()].map(([key, value]) => [key, value] as const),
      };
    }
    case 'suppress': {
      const held = () => [...new SuppressBuffer(definition, buffer).entries()].map(([, change]) => change);
      const isSame = (one: unknown, other: unknown) =>
        Buffer.compare(definition.key.serialize(one), definition.key.serialize(other)) === 0;
      return {
        get: (key) => held().find((change) => isSame(change.key, key))?.value,
        range: () => held().map((change) => [change.key, change.value] as const),
      };
    }
    default: {
      const keyValue = definition as KeyValueStoreDefinition;
      return keyValue.timestamped ? new TimestampedStore(keyValue, buffer) : new SerdeKeyValueStore(keyValue, buffer);
    }
  }
}
