import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CACHED_ENTRIES_MAX, WriteBuffer } from '../../../src/state/write-buffer.ts';
import { models, type Write } from './models.ts';
import type { StateUnderTest } from './state-under-test.ts';
import { KEYS, type OpenSubject, type Subject, subjects } from './subjects.ts';

const NOTHING = new Uint8Array();
const COUNT = 80;
const keyAt = (i: number) => KEYS[(i * 5) % KEYS.length]!;

/** Every third write meets a key and time that were written before, and every sixth takes that out; times are in no order. */
const timeAt = (i: number): number =>
  i % 3 === 2 && i >= KEYS.length ? timeAt(i - KEYS.length) : ((i * 37) % 30) * 10;
const writes: readonly Write[] = Array.from({ length: COUNT }, (_, i) => [
  keyAt(i),
  timeAt(i),
  i % 6 === 5 ? null : `v${i}`,
]);

/** The same as time goes on, a little out of order: nothing is written that has left the retention. */
const ongoing: readonly Write[] = writes.map(([key, , text], i) => [key, i * 10 + ((i * 37) % 5) * 10, text]);

/** What the store holds after these writes where nothing is ever committed: read of one buffer over nothing. */
function heldAfter(open: OpenSubject, done: readonly Write[]): unknown {
  const none = { get: () => undefined, *range() {} };
  const subject = open(new WriteBuffer('store', 0, none));
  for (const write of done) subject.write(...write);
  return subject.read();
}

/**
 * What every store promises, whatever keeps the committed state: it reads the same whether its changes are in the buffer, committed,
 * or partly so, and what the writes alone say that it must; a failed record and dropped changes leave nothing; a crash leaves what
 * was committed.
 */
export function stateCases(open: () => Promise<StateUnderTest>): void {
  describe.each(Object.entries(subjects))('%s store', (name, openStore) => {
    const isExpiring = name.startsWith('expiring');
    const all = isExpiring ? ongoing : writes;
    const [third, half] = [all.slice(0, COUNT / 3), all.slice(0, COUNT / 2)];
    let under: StateUnderTest;
    let store = '';
    let opened = 0;
    let buffer: WriteBuffer;
    let subject: Subject;
    const reopen = () => {
      buffer = new WriteBuffer(store, 0, under.partition(store, 0));
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
    beforeAll(async () => {
      under = await open();
    });
    beforeEach(() => {
      store = `store-${opened++}`;
      reopen();
    });
    afterAll(() => under.dispose());

    it.each([
      ['in the buffer', COUNT + 1],
      ['committed', COUNT],
      ['half committed and half in the buffer', COUNT / 2 + 1],
      ['committed now and then', 7],
      ['committed write by write', 1],
    ])('answers as it must when all is %s', async (_state, every) => {
      for (const [i, write] of all.entries()) {
        record(write);
        if ((i + 1) % every === 0) await commit();
        if (i % 40 === 30) expect(subject.read()).toEqual(heldAfter(openStore, all.slice(0, i + 1)));
      }
      expect(subject.read()).toEqual(heldAfter(openStore, all));
      if (isExpiring) expect(JSON.stringify(subject.read())).not.toContain('"v0"');
      else expect(subject.read()).toEqual(models[name]!(all));
    });

    it('answers as it must after the buffer has dropped what it had read', async () => {
      for (const write of half) record(write);
      // What comes and goes between two commits is written nowhere, but makes the buffer too large to keep.
      for (let i = 0; i <= CACHED_ENTRIES_MAX; i++) {
        buffer.beginRecord();
        buffer.putNew(`\u00fe${i}`, NOTHING);
        buffer.put(`\u00fe${i}`, null);
      }
      await commit();
      expect(subject.read()).toEqual(heldAfter(openStore, half));
      for (const write of all.slice(half.length)) record(write);
      expect(subject.read()).toEqual(heldAfter(openStore, all));
    });

    it('keeps nothing of records that failed', async () => {
      for (const [i, write] of all.entries()) {
        record(write);
        buffer.beginRecord();
        subject.write('a', write[1], `failed${i}`);
        subject.write(write[0], write[1], `failed${i}`);
        subject.write(write[0], write[1], null);
        buffer.rollbackRecord();
        if (i % 11 === 10) await commit();
        if (i % 40 === 30) expect(subject.read()).toEqual(heldAfter(openStore, all.slice(0, i + 1)));
      }
      expect(subject.read()).toEqual(heldAfter(openStore, all));
      await commit();
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, all));
    });

    it('has after dropped changes and after a crash what was committed, and goes on from there', async () => {
      for (const write of third) record(write);
      await commit();
      for (const write of half.slice(third.length)) record(write);
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, third));
      for (const write of half.slice(third.length)) record(write);
      await under.crash();
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, third));
      for (const write of all.slice(third.length)) record(write);
      await commit();
      await under.crash();
      reopen();
      expect(subject.read()).toEqual(heldAfter(openStore, all));
    });
  });

  it('keeps stores and their partitions apart', async () => {
    const under = await open();
    const places = [
      ['one', 0],
      ['one', 1],
      ['two', 0],
    ] as const;
    const opened = () =>
      places.map(([store, partition]) => new WriteBuffer(store, partition, under.partition(store, partition)));
    const buffers = opened();
    const done = (index: number) => writes.slice(0, 20 * index);
    for (const [index, buffer] of buffers.entries()) {
      const subject = subjects.window!(buffer);
      for (const write of done(index)) subject.write(...write);
    }
    await under.commit(buffers.flatMap((buffer) => buffer.changes() ?? []));
    await under.crash();
    for (const [index, buffer] of opened().entries()) {
      expect(subjects.window!(buffer).read()).toEqual(models.window!(done(index)));
    }
    await under.dispose();
  });
}
