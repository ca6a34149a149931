import { describe, expect, it } from 'vitest';
import { type Ends, IdleWaiters, isReached } from '../../src/runtime/idle-waiters.ts';

const ends: Ends = new Map([['t', [5, 0]]]);
const committed = (offset: number) => [
  { topic: 't', partition: 0, offset },
  { topic: 't', partition: 1, offset: 0 },
];
const nowhere = () => false;

/** Whether a promise has resolved by now. */
async function isDone(waiting: Promise<void>): Promise<boolean> {
  return Promise.race([waiting.then(() => true), Promise.resolve(false)]).then((done) => done);
}

describe('who waits until a worker has come so far', () => {
  it('waits for the offset after the last record, in every assigned partition', async () => {
    const waiters = new IdleWaiters();
    const waiting = waiters.add(ends);
    waiters.check(1, committed(4), nowhere);
    expect(await isDone(waiting)).toBe(false);
    waiters.check(1, committed(5), nowhere);
    await waiting;
    expect(waiters.count).toBe(0);
  });

  it('does not wait for offsets that hold no record any more, once the end was seen', async () => {
    const waiters = new IdleWaiters();
    const waiting = waiters.add(ends);
    waiters.check(1, committed(3), ({ partition }) => partition === 0);
    await waiting;
  });

  it('is not answered by a poll that began before it asked', async () => {
    const waiters = new IdleWaiters();
    const [early, late] = [waiters.add(ends), waiters.add(ends)];
    waiters.check(1, committed(5), () => true);
    await early;
    expect(await isDone(late)).toBe(false);
    expect(waiters.count).toBe(1);
  });

  it('does not wait for partitions of others, nor for a worker that has ended', async () => {
    expect(isReached(ends, [{ topic: 't', partition: 1, offset: 0 }])).toBe(true);
    expect(isReached(ends, [])).toBe(true);
    expect(isReached(ends, committed(4))).toBe(false);
    const waiters = new IdleWaiters();
    const waiting = waiters.add(ends);
    waiters.end();
    await waiting;
    await waiters.add(ends);
  });
});
