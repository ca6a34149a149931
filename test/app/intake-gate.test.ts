import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { IntakeGate } from '../../src/app/intake-gate.ts';

/** An append that ends when the test says so. */
function append(gate: IntakeGate, name: string, events: string[]) {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const passed = gate.pass(async () => {
    events.push(`${name} begins`);
    await ended;
    events.push(`${name} ends`);
  });
  return { end, passed };
}

describe('the gate of intake', () => {
  it('lets appends run side by side while nobody holds it', async () => {
    const [gate, events] = [new IntakeGate(), [] as string[]];
    const [a, b] = [append(gate, 'a', events), append(gate, 'b', events)];
    b.end();
    a.end();
    await Promise.all([a.passed, b.passed]);
    expect(events.slice(0, 2)).toEqual(['a begins', 'b begins']);
  });

  it('is held only when the appends under way have ended, and no other begins until it is released', async () => {
    const [gate, events] = [new IntakeGate(), [] as string[]];
    const under = append(gate, 'under way', events);
    const holding = gate.hold().then((hold) => {
      events.push('held');
      return hold;
    });
    const later = append(gate, 'later', events);
    await turn();
    expect(events).toEqual(['under way begins']);
    under.end();
    const hold = await holding;
    await turn();
    expect(events).toEqual(['under way begins', 'under way ends', 'held']);
    later.end();
    await hold.release();
    await later.passed;
    expect(events.slice(3)).toEqual(['later begins', 'later ends']);
  });

  it('waits for every hold, each released once', async () => {
    const [gate, events] = [new IntakeGate(), [] as string[]];
    const [first, second] = [await gate.hold(), await gate.hold()];
    const waiting = append(gate, 'a', events);
    await first.release();
    await first.release();
    await turn();
    expect(events).toEqual([]);
    await second.release();
    waiting.end();
    await waiting.passed;
    expect(events).toEqual(['a begins', 'a ends']);
  });

  it('goes on after an append that failed, and when all holds are ended from elsewhere', async () => {
    const [gate, events] = [new IntakeGate(), [] as string[]];
    await expect(gate.pass(() => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    await gate.hold();
    const waiting = append(gate, 'a', events);
    waiting.end();
    gate.releaseAll();
    await waiting.passed;
    expect(events).toEqual(['a begins', 'a ends']);
  });

  it('gives up after a while where it is told to, and has appended nothing then', async () => {
    const gate = new IntakeGate();
    const hold = await gate.hold();
    let appended = 0;
    const append = async () => ++appended;
    await expect(gate.pass(append, 20)).rejects.toMatchObject({ code: 'LOG_BACKPRESSURE', retriable: true });
    const patient = gate.pass(append, 60_000);
    await hold.release();
    expect(await patient).toBe(1);
    expect(await gate.pass(append, 20)).toBe(2);
  });
});
