import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Visitors } from '../../../src/app/http/visitors.ts';

const refused = expect.objectContaining({ code: 'NOT_RUNNING' });

describe('visitors', () => {
  it('are not waited for where there are none, and none is let in after', async () => {
    const visitors = new Visitors();
    await visitors.left(60_000);
    expect(() => visitors.enter()).toThrow(refused);
  });

  it('are waited for, also those who come while others are there', async () => {
    const visitors = new Visitors();
    const leaveFirst = visitors.enter();
    let isEmpty = false;
    const left = visitors.left(60_000).then(() => {
      isEmpty = true;
    });
    const leaveSecond = visitors.enter();
    leaveFirst();
    await sleep(10);
    expect(isEmpty).toBe(false);
    leaveSecond();
    // In the same step, before anyone who waits goes on: there is no moment in which one may come in and be left alone.
    expect(() => visitors.enter()).toThrow(refused);
    await left;
  });

  it('are not waited for longer than the limit', async () => {
    const visitors = new Visitors();
    visitors.enter();
    await visitors.left(20);
    expect(() => visitors.enter()).toThrow(refused);
  });
});
