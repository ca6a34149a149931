import { stringSerde } from 'headrace';
import { JoinBuffer } from '../../../src/state/join-buffer.ts';
import { JoinWindowStore } from '../../../src/state/join-window-store.ts';
import { SerdeKeyValueStore } from '../../../src/state/key-value-store.ts';
import { SessionStore } from '../../../src/state/session-store.ts';
import { SuppressBuffer } from '../../../src/state/suppress-buffer.ts';
import { TimestampedStore } from '../../../src/state/timestamped-store.ts';
import { UnjoinedStore } from '../../../src/state/unjoined-store.ts';
import { VersionedStore } from '../../../src/state/versioned-store.ts';
import { WindowStore } from '../../../src/state/window-store.ts';
import type { WriteBuffer } from '../../../src/state/write-buffer.ts';

const named = { name: 'store', key: stringSerde, value: stringSerde };
export const KEYS = ['', 'a', 'ab', 'b', '\u0000', '\u00ff', 'é'];
/** Times of writes are multiples of 10 below this; stores keep what is younger than {@link RETENTION_MS}. */
export const TIME_END = 300;
const RETENTION_MS = 1_000;
/** Short enough that writes leave it. */
const SHORT_RETENTION_MS = 70;

/** A store as the cases need it: writes that differ by `text` (null takes something out), and all that can be read as one value. */
export interface Subject {
  write(key: string, time: number, text: string | null): void;
  read(): unknown;
}

export type OpenSubject = (buffer: WriteBuffer) => Subject;

function windows(retentionMs: number, expires: boolean): OpenSubject {
  return (buffer) => {
    const store = new WindowStore({ ...named, kind: 'window', windowMs: 10, retentionMs }, buffer);
    return {
      write(key, time, text) {
        store.put(key, time, text, time + 3);
        if (expires) store.expire(time);
      },
      read: () => ({
        all: [...store.fetchAll()],
        some: [...store.fetchAll(50, 100)],
        ofKeys: KEYS.map((key) => [[...store.fetch(key, 0, 300)], [...store.fetch(key, 20, 250, true)]]),
        one: KEYS.map((key) => store.get(key, 150)),
      }),
    };
  };
}

function sessions(retentionMs: number, expires: boolean): OpenSubject {
  return (buffer) => {
    const store = new SessionStore({ ...named, kind: 'session', retentionMs }, buffer);
    return {
      write(key, time, text) {
        store.put(key, { start: time, end: time + 7 }, text);
        if (expires) store.expire(time);
      },
      read: () => ({
        all: [...store.fetchAll()],
        ofKeys: KEYS.map((key) => [...store.fetch(key, 20, 250)]),
        one: KEYS.map((key) => store.get(key, { start: 150, end: 157 })),
      }),
    };
  };
}

function versions(historyMs: number): OpenSubject {
  return (buffer) => {
    const store = new VersionedStore({ ...named, kind: 'versioned', historyMs }, buffer);
    return {
      write: (key, time, text) => store.put(key, text, time),
      read: () => ({
        now: [...store.range()],
        asOf: KEYS.map((key) => [0, 50, 155, TIME_END].map((time) => store.asOf(key, time))),
        versions: KEYS.map((key) => [...store.versions(key)]),
      }),
    };
  };
}

function joinWindows(retentionMs: number, expires: boolean): OpenSubject {
  return (buffer) => {
    const store = new JoinWindowStore({ ...named, kind: 'joinWindow', windowMs: 40, retentionMs }, buffer);
    const between = (key: string, from: number, to: number) => {
      const found: (readonly [number, string])[] = [];
      store.forEach(key, from, to, (time, value) => found.push([time, value]));
      return found;
    };
    return {
      write(key, time, text) {
        if (text !== null) store.add(key, text, time);
        if (expires) store.expire(time);
      },
      read: () => ({
        all: [...store.entries()],
        ofKeys: KEYS.map((key) => [between(key, 0, TIME_END), between(key, 55, 100)]),
      }),
    };
  };
}

/** All stores, and those with a retention once more as they expire. */
export const subjects: Readonly<Record<string, OpenSubject>> = {
  'key-value': (buffer) => {
    const store = new SerdeKeyValueStore({ ...named, kind: 'keyValue', timestamped: false }, buffer);
    return {
      write: (key, _time, text) => store.put(key, text ?? undefined),
      read: () => ({
        all: [...store.range()],
        some: [...store.range('a', 'b')],
        ofKeys: KEYS.map((key) => store.get(key)),
      }),
    };
  },
  timestamped: (buffer) => {
    const store = new TimestampedStore({ ...named, kind: 'keyValue', timestamped: true }, buffer);
    const row = (key: string) => {
      const value = store.get(key);
      return value === null ? null : [value, store.timestamp];
    };
    return {
      write: (key, time, text) => store.put(key, text, time),
      read: () => ({ all: [...store.range()], some: [...store.range('a', 'b')], ofKeys: KEYS.map(row) }),
    };
  },
  window: windows(RETENTION_MS, false),
  'expiring window': windows(SHORT_RETENTION_MS, true),
  session: sessions(RETENTION_MS, false),
  'expiring session': sessions(SHORT_RETENTION_MS, true),
  versioned: versions(RETENTION_MS),
  'expiring versioned': versions(SHORT_RETENTION_MS),
  'join-window': joinWindows(RETENTION_MS, false),
  'expiring join-window': joinWindows(SHORT_RETENTION_MS, true),
  suppress: (buffer) => {
    const store = new SuppressBuffer({ ...named, kind: 'suppress' }, buffer);
    return {
      write(key, time, text) {
        if (text === null)
          store.evictWhile(
            () => store.earliest <= time,
            () => {},
          );
        else store.put(time, { key, value: text, before: `before ${text}`, timestamp: time, headers: [] });
      },
      read: () => ({
        count: store.count,
        earliest: store.earliest,
        all: [...store.entries()].map(([time, { key, value, before, timestamp }]) => [
          time,
          key,
          value,
          before,
          timestamp,
        ]),
        priors: KEYS.map((key) => store.prior(key)),
      }),
    };
  },
  unjoined: (buffer) => {
    const store = new UnjoinedStore(
      { kind: 'unjoined', name: 'store', key: stringSerde, left: stringSerde, right: stringSerde },
      buffer,
    );
    return {
      write(key, time, text) {
        const side = time % 20 === 0 ? 'left' : 'right';
        if (text === null) store.removeAt(side, key, time);
        else store.add(side, key, time, text);
        store.minTime = store.earliest(side);
      },
      read: () => ({
        minTime: store.minTime,
        sides: (['left', 'right'] as const).map((side) => [
          store.earliest(side),
          [...store.entries(side)].map(({ time, key, values }) => [time, key, values]),
        ]),
      }),
    };
  },
  'join buffer': (buffer) => {
    const store = new JoinBuffer({ ...named, kind: 'joinBuffer' }, buffer);
    return {
      write(key, time, text) {
        if (text === null) store.takeUpTo(time, () => {});
        else store.add({ key: key === '' ? null : key, value: text, timestamp: time, headers: [] });
      },
      read: () => ({
        earliest: store.earliest(),
        all: [...store.entries()].map(({ key, value, timestamp }) => [timestamp, key, value]),
      }),
    };
  },
};
