import type { Serde } from '../serde/serde.ts';
import { fromBinaryString } from '../state/binary-string.ts';
import { JoinBuffer } from '../state/join-buffer.ts';
import { JoinWindowStore } from '../state/join-window-store.ts';
import { SerdeKeyValueStore } from '../state/key-value-store.ts';
import { SessionStore } from '../state/session-store.ts';
import type { KeyValueStoreDefinition, StoreDefinition } from '../state/store-definition.ts';
import { SuppressBuffer } from '../state/suppress-buffer.ts';
import { TimestampedStore } from '../state/timestamped-store.ts';
import { TtlIndex } from '../state/ttl-index.ts';
import { UnjoinedStore } from '../state/unjoined-store.ts';
import { VersionedStore } from '../state/versioned-store.ts';
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
    case 'suppress':
      return listed(definition.key, () =>
        [...new SuppressBuffer(definition, buffer).entries()].map(([, { key, value }]) => [key, value] as const),
      );
    case 'ttlIndex':
      return listed(definition.key, () =>
        [...new TtlIndex(buffer).due(Number.MAX_SAFE_INTEGER - 1)].map(
          ([key, time]) => [definition.key.deserialize(fromBinaryString(key)), time] as const,
        ),
      );
    case 'versioned':
      return new VersionedStore(definition, buffer);
    case 'joinBuffer':
      return listed(definition.key, () =>
        [...new JoinBuffer(definition, buffer).entries()].map(({ key, value }) => [key, value] as const),
      );
    case 'joinWindow':
      return listed(definition.key, () =>
        [...new JoinWindowStore(definition, buffer).entries()].map(([key, value]) => [key, value] as const),
      );
    case 'unjoined': {
      const store = new UnjoinedStore(definition, buffer);
      return listed(definition.key, () =>
        [...store.entries('left'), ...store.entries('right')].flatMap(({ key, values }) =>
          values.map((value) => [key, value] as const),
        ),
      );
    }
    default: {
      const keyValue = definition as KeyValueStoreDefinition;
      return keyValue.timestamped ? new TimestampedStore(keyValue, buffer) : new SerdeKeyValueStore(keyValue, buffer);
    }
  }
}

/** A store that is read as a whole; of several values of a key the first is what it has. */
function listed(key: Serde<unknown>, entries: () => readonly (readonly [key: unknown, value: unknown])[]): StoreView {
  const isSame = (one: unknown, other: unknown) => Buffer.compare(key.serialize(one), key.serialize(other)) === 0;
  return { get: (wanted) => entries().find(([each]) => isSame(each, wanted))?.[1], range: entries };
}
