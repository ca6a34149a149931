import type { PunctuationOptions } from '../streams/processor.ts';
import type { OperatorTime } from './operator-time.ts';

/** Called with the time at which it is due, milliseconds since 1970. */
export type Punctuate = (timestamp: number) => void;

interface Schedule {
  readonly everyMs: number;
  readonly punctuate: Punctuate;
}

interface StreamTimeSchedule extends Schedule {
  /** When it is due next: state, so that a restart goes on with it. -1 before it was due for the first time. */
  readonly nextAt: OperatorTime;
}

interface WallClockSchedule extends Schedule {
  nextAt: number | undefined;
}

/**
 * The punctuations of a task, as Kafka Streams schedules them (KIP-138): on stream time first with the first record and then
 * at every multiple of the interval that stream time passes, on the wall clock an interval after the task began. One that
 * was missed more than once comes once.
 */
export class Punctuations {
  readonly #time: (name: string) => OperatorTime;
  readonly #streamTime: StreamTimeSchedule[] = [];
  readonly #wallClock: WallClockSchedule[] = [];
  #taskTime: OperatorTime | undefined;

  /** `time` gives what is kept under a name in the store of times. */
  constructor(time: (name: string) => OperatorTime) {
    this.#time = time;
  }

  schedule(operator: string, { everyMs, type }: PunctuationOptions, punctuate: Punctuate): void {
    if (type === 'wall-clock') this.#wallClock.push({ everyMs, punctuate, nextAt: undefined });
    else {
      this.#taskTime ??= this.#time('__task');
      const nextAt = this.#time(`${operator}#${this.#streamTime.length}`);
      this.#streamTime.push({ everyMs, punctuate, nextAt });
    }
  }

  /** A record was processed. Calls `run` for each punctuation that is due by that; returns how many were. */
  passed(timestamp: number, run: (punctuate: Punctuate, timestamp: number) => void): number {
    const now = this.#taskTime?.advance(timestamp) ?? 0;
    let count = 0;
    for (const { everyMs, punctuate, nextAt } of this.#streamTime) {
      const due = Math.max(0, nextAt.now);
      if (due > now) continue;
      nextAt.advance(nextAfter(due, everyMs, now));
      run(punctuate, now);
      count++;
    }
    return count;
  }

  /** What is due by the wall clock; the first call only starts it. */
  wallClock(now: number, run: (punctuate: Punctuate, timestamp: number) => void): number {
    let count = 0;
    for (const schedule of this.#wallClock) {
      const { everyMs, punctuate, nextAt } = schedule;
      if (nextAt === undefined) schedule.nextAt = now + everyMs;
      else if (nextAt <= now) {
        schedule.nextAt = nextAfter(nextAt, everyMs, now);
        run(punctuate, now);
        count++;
      }
    }
    return count;
  }

  get hasStreamTime(): boolean {
    return this.#taskTime !== undefined;
  }

  get hasWallClock(): boolean {
    return this.#wallClock.length > 0;
  }
}

function nextAfter(due: number, everyMs: number, now: number): number {
  const next = due + everyMs;
  return next > now ? next : due + (Math.floor((now - due) / everyMs) + 1) * everyMs;
}
