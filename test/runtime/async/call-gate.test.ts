import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/random.ts';
import { handDriven } from './hand-driven-calls.ts';

const twice = { attemptsMax: 2, untilMs: Number.POSITIVE_INFINITY, backOffMinMs: 100, backOffMaxMs: 400 };

describe('CallGate', () => {
  it('asks about one record of a key after another, and about others beside it, up to its bound', async () => {
    const calls = handDriven({ maxInFlight: 3 });
    calls.add('a1', 'a2', 'b1', 'c1', 'd1', 'a3');
    expect(calls.asked()).toEqual(['a1', 'b1', 'c1']);
    await calls.answer('b1');
    expect(calls.asked()).toEqual(['d1']);
    await calls.answer('a1');
    expect(calls.asked()).toEqual(['a2']);
    await calls.answer('c1', 'd1');
    expect(calls.asked()).toEqual([]);
    await calls.answer('a2');
    expect(calls.asked()).toEqual(['a3']);
    expect(calls.underWay().inFlight).toBe(1);
  });

  it('with a bound of one asks about one record after another', async () => {
    const calls = handDriven({ maxInFlight: 1 });
    calls.add('a1', 'b1', '-1');
    for (const value of ['a1', 'b1', '-1']) {
      expect(calls.asked()).toEqual([value]);
      await calls.answer(value);
    }
  });

  it('keeps what was answered until the record is the head', async () => {
    const calls = handDriven();
    calls.add('a1', 'b1');
    await calls.answer('b1');
    expect(calls.head('a1')).toBeUndefined();
    await calls.answer('a1');
    expect(calls.head('a1')).toEqual({ result: 'a1!' });
    expect(calls.head('b1')).toEqual({ result: 'b1!' });
    expect(calls.head('end')).toBeUndefined();
    expect(calls.ended).toHaveLength(2);
  });

  it('looks no further ahead than four times its bound, whatever is answered behind a slow one', async () => {
    const calls = handDriven({ maxInFlight: 2 });
    expect(calls.gate.room).toBe(8);
    calls.add(...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `${name}1`));
    expect(calls.gate.room).toBe(0);
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g', 'h']) await calls.answer(`${name}1`);
    expect(calls.gate.room).toBe(0);
    await calls.answer('a1');
    calls.head('d1');
    expect(calls.gate.room).toBe(3);
  });

  it('records without a key do not wait for each other', () => {
    const calls = handDriven();
    calls.add('-1', '-2', '-3');
    expect(calls.asked()).toEqual(['-1', '-2', '-3']);
  });

  it('after a call that failed the key waits until that is committed, other keys do not', async () => {
    const calls = handDriven();
    calls.add('a1', 'a2', 'b1', 'b2');
    await calls.refuse('a1');
    await calls.answer('b1');
    expect(calls.asked()).toEqual(['a1', 'b1', 'b2']);
    expect(calls.head('a1')).toMatchObject({ error: { code: 'CALL_FAILED' } });
    calls.head('a2');
    expect(calls.asked()).toEqual([]);
    // A commit of what came before it frees nobody.
    calls.committedBefore('a1');
    expect(calls.asked()).toEqual([]);
    calls.committedBefore('a2');
    expect(calls.asked()).toEqual(['a2']);
    expect(calls.counters).toMatchObject({ attempts: { count: 4 }, failures: { count: 1 }, retries: { count: 0 } });
  });

  it('where records may have to wait behind dead letters, the next one of a key waits until the one before is processed', async () => {
    const calls = handDriven({}, true);
    calls.add('a1', 'a2', 'a3');
    await calls.answer('a1');
    expect(calls.head('a1')).toEqual({ result: 'a1!' });
    expect(calls.asked()).toEqual(['a1']);
    // It failed behind the call, so the next one is put aside: it never becomes the head.
    calls.head('a3');
    expect(calls.asked()).toEqual(['a3']);
  });

  it('what is decided only at the head is asked about there, or never, and holds up the rest of its key', async () => {
    const calls = handDriven();
    calls.held.add('a1').add('b1');
    calls.add('c1', 'a1', 'a2', 'b1', 'b2');
    expect(calls.asked()).toEqual(['c1']);
    await calls.answer('c1');
    calls.head('a1');
    expect(calls.asked()).toEqual(['a1']);
    await calls.answer('a1');
    expect(calls.asked()).toEqual(['a2']);
    await calls.answer('a2');
    calls.head('a2');
    // b1 was put aside: it never became the head.
    calls.head('b2');
    expect(calls.asked()).toEqual(['b2']);
  });

  it('what is passed over while its key waits for a commit frees the key in its turn', async () => {
    const calls = handDriven();
    calls.add('a1', 'a2', 'a3');
    await calls.refuse('a1');
    calls.head('a1');
    calls.head('a3');
    expect(calls.asked()).toEqual(['a1']);
    calls.committedBefore('a2');
    expect(calls.asked()).toEqual(['a3']);
  });

  it('retries after pauses that double up to a limit, half of each left to chance', async () => {
    const untilMs = Number.POSITIVE_INFINITY;
    const calls = handDriven({ retry: { attemptsMax: 6, untilMs, backOffMinMs: 100, backOffMaxMs: 400 } });
    calls.add('a1');
    for (const [attempt, ms] of [100, 200, 400, 400, 400].entries()) {
      await calls.refuse('a1', new RangeError('busy'));
      await calls.advance(ms / 2);
      expect(calls.attempts('a1')).toBe(attempt + 1);
      await calls.advance(ms / 2);
      expect(calls.attempts('a1')).toBe(attempt + 2);
    }
    await calls.refuse('a1', new RangeError('busy'));
    expect(calls.head('a1')).toMatchObject({
      error: { code: 'CALL_FAILED', message: 'ask: busy (after 6 attempts)', cause: { message: 'busy' } },
    });
    expect(calls.counters).toMatchObject({ attempts: { count: 6 }, retries: { count: 5 }, failures: { count: 1 } });
  });

  it('a time limit aborts the attempt, and what it answers later is not heard', async () => {
    const calls = handDriven({ retry: twice });
    calls.add('a1');
    await calls.advance(999);
    expect(calls.signal('a1').aborted).toBe(false);
    expect(calls.underWay()).toEqual({ inFlight: 1, oldestMs: 999 });
    await calls.advance(1);
    expect(calls.signal('a1').reason).toMatchObject({ code: 'CALL_TIMED_OUT' });
    // The first attempt's answer comes while the second one is waited for.
    await calls.answer('a1');
    expect(calls.head('a1')).toBeUndefined();
    await calls.advance(100);
    expect(calls.attempts('a1')).toBe(2);
    await calls.advance(1_000);
    expect(calls.head('a1')).toMatchObject({ error: { code: 'CALL_TIMED_OUT', where: { operator: 'ask' } } });
    await calls.answer('a1');
    expect(calls.head('a1')).toMatchObject({ error: { code: 'CALL_TIMED_OUT' } });
    expect(calls.counters).toMatchObject({ timeouts: { count: 2 }, retries: { count: 1 }, failures: { count: 1 } });
  });

  it('given up it aborts what is under way, hears nothing of it, and begins nothing more', async () => {
    const calls = handDriven({ retry: twice });
    calls.add('a1', 'a2', 'b1', 'c1');
    await calls.answer('b1');
    await calls.refuse('c1', new RangeError('busy'));
    calls.asked();
    calls.gate.abandon();
    expect(calls.signal('a1').aborted).toBe(true);
    expect(calls.signal('b1').aborted).toBe(false);
    const heard = calls.ended.length;
    await calls.answer('a1');
    await calls.advance(10_000);
    expect([calls.asked(), calls.ended.length, calls.gate.room]).toEqual([[], heard, 0]);
    expect(calls.underWay()).toEqual({ inFlight: 0, oldestMs: 0 });
    // What was answered before can still be processed.
    calls.head('b1');
    expect(calls.gate.outcome).toEqual({ result: 'b1!' });
  });

  it('whatever is answered, refused and committed in whichever order: each key in order, never more than the bound, all to the end', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const maxInFlight = 1 + random.below(4);
      const calls = handDriven({ maxInFlight }, random.below(2) === 0);
      const values = Array.from({ length: 40 }, (_, i) => `${random.pick(['a', 'b', 'c', '-'])}${i}`);
      const [waiting, processed, everAsked]: [string[], string[], string[]] = [[...values], [], []];
      const [failed, uncommitted, open] = [new Set<string>(), new Set<string>(), new Set<string>()];
      for (let steps = 0; processed.length < values.length && steps < 2_000; steps++) {
        while (calls.gate.room > 0 && waiting.length > 0) calls.add(waiting.shift()!);
        for (const value of calls.asked()) {
          // The one before it of its key has ended, and is committed if it failed.
          const before = everAsked.filter((each) => each[0] === value[0]);
          if (value[0] !== '-') {
            expect(
              before.some((each) => open.has(each) || uncommitted.has(each)),
              `seed ${seed}: ${value}`,
            ).toBe(false);
          }
          everAsked.push(value);
          open.add(value);
        }
        expect(open.size).toBeLessThanOrEqual(maxInFlight);
        const chosen = [...open][random.below(Math.max(1, open.size))];
        if (chosen !== undefined && random.below(3) > 0) {
          open.delete(chosen);
          if (random.below(4) === 0) {
            failed.add(chosen);
            uncommitted.add(chosen);
            await calls.refuse(chosen);
          } else await calls.answer(chosen);
        }
        for (let head = values[processed.length]; head !== undefined; head = values[processed.length]) {
          if (!everAsked.includes(head) || open.has(head)) {
            if (calls.gate.room < calls.gate.lookAheadMax) calls.head(head);
            break;
          }
          const outcome = calls.head(head);
          expect('error' in outcome!, `seed ${seed}: ${head}`).toBe(failed.has(head));
          processed.push(head);
          calls.head(
            values[processed.length] === undefined || waiting.includes(values[processed.length]!)
              ? 'end'
              : values[processed.length]!,
          );
        }
        if (
          random.below(3) === 0 &&
          processed.length > 0 &&
          processed.length < values.length &&
          !waiting.includes(values[processed.length]!)
        ) {
          uncommitted.clear();
          for (const each of failed) if (!processed.includes(each)) uncommitted.add(each);
          calls.committedBefore(values[processed.length]!);
        }
      }
      expect(processed, `seed ${seed}`).toEqual(values);
      for (const name of ['a', 'b', 'c']) {
        const of = (all: readonly string[]) => all.filter((each) => each.startsWith(name));
        expect(of(everAsked)).toEqual(of(values));
      }
    }
  });
});
