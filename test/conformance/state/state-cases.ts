import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WriteBuffer } from '../../../src/state/write-buffer.ts';
import { models, type Write } from './models.ts';
import type { StateUnderTest } from './state-under-test.ts';
import { KEYS, type OpenSubject, type Subject, subjects } from './subjects.ts';

/** Overwrites, deletions, times out of order: the same for every store. */
const writes: readonly Write[] = Array.from({ length: 80 }, (_, i) => [
  KEYS[(i * 5) % KEYS.length]!,
  ((i * 37) % 30) * 10,
  i % 6 === 5 ? null : `v${i}`,
]);

/** What the store holds after these writes where nothing is ever committed: read of one buffer over nothing. */
function heldAfter(open: OpenSubject, done: readonly Write[]): unknown {
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
