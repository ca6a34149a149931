import { stringSerde } from 'headrace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SerdeKeyValueStore } from '../../../src/state/key-value-store.ts';
import { SessionStore } from '../../../src/state/session-store.ts';
import { TimestampedStore } from '../../../src/state/timestamped-store.ts';
import { VersionedStore } from '../../../src/state/versioned-store.ts';
import { WindowStore } from '../../../src/state/window-store.ts';
import { WriteBuffer } from '../../../src/state/write-buffer.ts';
import type { StateUnderTest } from './state-under-test.ts';

const serdes = { name: 'store', key: stringSerde, value: stringSerde };
const KEYS = ['', 'a', 'ab', 'b', '\u0000', '\u00ff', 'é'];

/** A store as these cases need it: writes that differ by `text`, and everything that can be read as one value. */
interface Subject {
  write(key: string, time: number, text: string | null): void;
  read(): unknown;
}

const subjects: Readonly<Record<string, (buffer: WriteBuffer) => Subject>> = {
  'key-value': (buffer) => {
    const store = new SerdeKeyValueStore({ ...serdes, kind: 'keyValue', timestamped: false }, buffer);
    return {
      write: (key, _time, text) => store.put(key, text ?? undefined),
      read: () => [[...store.range()], [...store.range('a', 'b')], KEYS.map((key) => store.get(key))],
    };
  },
  timestamped: (buffer) => {
    const store = new TimestampedStore({ ...serdes, kind: 'keyValue', timestamped: true }, buffer);
    const row = (key: string) => {
      const value = store.get(key);
      return value === null ? null : [value, store.timestamp];
    };
    return {
      write: (key, time, text) => store.put(key, text, time),
      read: () => [[...store.range()], [...store.range('a', 'b')], KEYS.map(row)],
    };
  },
  window: (buffer) => {
    const store = new WindowStore({ ...serdes, kind: 'window', windowMs: 10, retentionMs: 1_000 }, buffer);
    return {
      write: (key, time, text) => store.put(key, time, text, time + 3),
      read: () => [
        [...store.fetchAll()],
        KEYS.map((key) => [[...store.fetch(key, 0, 300)], [...store.fetch(key, 0, 300, true)]]),
      ],
    };
  },
  session: (buffer) => {
    const store = new SessionStore({ ...serdes, kind: 'session', retentionMs: 1_000 }, buffer);
    return {
      write: (key, time, text) => store.put(key, { start: time, end: time + 7 }, text),
      read: () => [[...store.fetchAll()], KEYS.map((key) => [...store.fetch(key, 20, 250)])],
    };
  },
  versioned: (buffer) => {
    const store = new VersionedStore({ ...serdes, kind: 'versioned', historyMs: 1_000 }, buffer);
    return {
      write: (key, time, text) => store.put(key, text, time),
      read: () => [
        [...store.range()],
        KEYS.map((key) => [[...store.versions(key)], [0, 50, 100, 299].map((time) => store.asOf(key, time))]),
      ],
    };
  },
};

type Write = readonly [key: string, time: number, text: string | null];

/** Overwrites, deletions, times out of order: the same for every store. */
const writes: readonly Write[] = Array.from({ length: 80 }, (_, i) => [
  KEYS[(i * 5) % KEYS.length]!,
  ((i * 37) % 30) * 10,
  i % 6 === 5 ? null : `v${i}`,
]);

/** What the store holds after these writes where nothing is ever committed: read of one buffer over nothing. */
function heldAfter(open: (buffer: WriteBuffer) => Subject, done: readonly Write[]): unknown {
  const none = { get: () => undefined, *range() {} };
  const subject = open(new WriteBuffer('store', 0, none));
  for (const write of done) subject.write(...write);
  return subject.read();
}

/**
 * What every store promises, whatever keeps the committed state: it reads the same whether its changes are in the buffer, committed,
 * or partly so; a failed record and dropped changes leave nothing; a crash leaves what was committed.
 */
export function stateCases(open: () => Promise<StateUnderTest>): void {
  describe.each(Object.entries(subjects))('%s store', (_name, openStore) => {
    let under: StateUnderTest;
    let buffer: WriteBuffer;
    let subject: Subject;
    const reopen = () => {
      buffer = new WriteBuffer('store', 0, under.partition('store', 0));
      subject = openStore(buffer);
    };
    const commit = async () => {
      const changes = buffer.changes();
      if (changes !== undefined) await under.commit([changes]);
      buffer.markCommitted();
    };
    const record = (write: Write) => {
      buffer.beginRecord();
      subject.write(...write);
    };
    beforeEach(async () => {
      under = await open();
      reopen();
    });
    afterEach(() => under.dispose());

    it.each([
      ['in the buffer', writes.length + 1],
      ['committed', 1],
      ['half and half', 50],
      ['committed now and then', 7],
    ])('reads the same when all is %s', async (_state, every) => {
      for (const [i, write] of writes.entries()) {
        record(write);
        if ((i + 1) % every === 0) await commit();
        if (i % 20 === 0) expect(subject.read()).toEqual(heldAfter(openStore, writes.slice(0, i + 1)));
      }
      expect(subject.read()).toEqual(heldAfter(openStore, writes));
    });

    it('keeps nothing of records that failed', async () => {
      for (const [i, write] of writes.entries()) {
        record(write);
        buffer.beginRecord();
        subject.write('a', 150, `failed${i}`);
        subject.write(write[0], write[1], null);
        buffer.rollbackRecord();
        if (i % 11 === 10) await commit();
      }
      expect(subject.read()).toEqual(heldAfter(openStore, writes));
      await commit();
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, writes));
    });

    it('has after dropped changes and after a crash what was committed, and goes on from there', async () => {
      for (const write of writes.slice(0, 40)) record(write);
      await commit();
      for (const write of writes.slice(40, 60)) record(write);
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, writes.slice(0, 40)));
      for (const write of writes.slice(40, 60)) record(write);
      await under.crash();
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, writes.slice(0, 40)));
      for (const write of writes.slice(40)) record(write);
      await commit();
      await under.crash();
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, writes));
    });
  });
}
