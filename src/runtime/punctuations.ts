import type { StateNumber } from '../state/state-number.ts';
import type { PunctuationOptions } from '../streams/processor.ts';
import type { OperatorTime } from './operator-time.ts';
import { PunctuationQueue } from './punctuation-queue.ts';

/** Called with the time at which it is due, milliseconds since 1970. */
export type Punctuate = (timestamp: number) => void;

interface Schedule {
  readonly operator: string;
  readonly everyMs: number;
  readonly punctuate: Punctuate;
  /** When it is due next, milliseconds since 1970. */
  due: number;
}

interface StreamTimeSchedule extends Schedule {
  /** The same as state, so that a restart goes on with it. -1 before it was due for the first time. */
  readonly nextAt: OperatorTime;
  /** Where it stands in the queue, which settles who comes first of those that are due at the same time. */
  readonly place: StateNumber;
}

type Run = (punctuate: Punctuate, timestamp: number) => void;

/** What keeps things under a name in the store of times. */
export interface PunctuationState {
  readonly time: (name: string) => OperatorTime;
  readonly number: (name: string) => StateNumber;
}

/**
 * The punctuations of a task, as Kafka Streams schedules them (KIP-138): on stream time first with the first record and then
 * at every multiple of the interval that stream time passes, on the wall clock an interval after the task began. One that
 * was missed more than once comes once.
 */
export class Punctuations {
  readonly #state: PunctuationState;
  readonly #streamTime: StreamTimeSchedule[] = [];
  readonly #wallClock: Schedule[] = [];
  #streamTimeQueue: PunctuationQueue<StreamTimeSchedule> | undefined;
  #wallClockQueue: PunctuationQueue<Schedule> | undefined;
  #taskTime: OperatorTime | undefined;

  constructor(state: PunctuationState) {
    this.#state = state;
  }

  schedule(operator: string, { everyMs, type }: PunctuationOptions, punctuate: Punctuate): void {
    const schedule = { operator, everyMs, punctuate, due: 0 };
    if (type === 'wall-clock') this.#wallClock.push(schedule);
    else {
      this.#taskTime ??= this.#state.time('__task');
      const name = `${operator}#${this.#streamTime.filter((each) => each.operator === operator).length}`;
      const kept = { nextAt: this.#state.time(name), place: this.#state.number(`${name} place`) };
      this.#streamTime.push({ ...schedule, ...kept });
    }
  }

  /** A record was processed. Calls `run` for each punctuation that is due by that; returns how many were. */
  passed(timestamp: number, run: Run): number {
    const now = this.#taskTime?.advance(timestamp) ?? 0;
    this.#streamTimeQueue ??= queueAsItWas(this.#streamTime);
    const count = runDue(this.#streamTimeQueue, now, run, ({ nextAt, due }) => nextAt.advance(due));
    if (count > 0 && this.#streamTime.length > 1) {
      for (const [index, { place }] of this.#streamTimeQueue.all.entries()) place.value = index;
    }
    return count;
  }

  /** What is due by the wall clock; the first call only starts it. */
  wallClock(now: number, run: Run): number {
    if (this.#wallClockQueue !== undefined) return runDue(this.#wallClockQueue, now, run);
    this.#wallClockQueue = new PunctuationQueue();
    for (const schedule of inOrder(this.#wallClock)) {
      schedule.due = now + schedule.everyMs;
      this.#wallClockQueue.add(schedule);
    }
    return 0;
  }

  /** As if the task began anew: punctuations on the wall clock count from the next call of {@link wallClock}. */
  restartWallClock(): void {
    this.#wallClockQueue = undefined;
  }

  get hasStreamTime(): boolean {
    return this.#taskTime !== undefined;
  }

  get hasWallClock(): boolean {
    return this.#wallClock.length > 0;
  }
}

function runDue<S extends Schedule>(
  queue: PunctuationQueue<S>,
  now: number,
  run: Run,
  onNext: (schedule: S) => void = () => {},
): number {
  let count = 0;
  for (let first = queue.first; first !== undefined && first.due <= now; first = queue.first) {
    queue.removeFirst();
    first.due = nextAfter(first.due, first.everyMs, now);
    onNext(first);
    run(first.punctuate, now);
    queue.add(first);
    count++;
  }
  return count;
}

function queueAsItWas(schedules: readonly StreamTimeSchedule[]): PunctuationQueue<StreamTimeSchedule> {
  const queue = new PunctuationQueue<StreamTimeSchedule>();
  const places = new Map(
    inOrder(schedules).map((schedule, index) => [schedule, schedule.place.value < 0 ? index : schedule.place.value]),
  );
  for (const schedule of schedules) schedule.due = Math.max(0, schedule.nextAt.now);
  for (const [schedule] of [...places].sort(([, one], [, other]) => one - other)) queue.add(schedule);
  return queue;
}

/** Operators are made from the last to the first, and their punctuations come from the first to the last. */
function inOrder<S extends Schedule>(schedules: readonly S[]): readonly S[] {
  const groups = new Map<string, S[]>();
  for (const schedule of schedules) {
    const group = groups.get(schedule.operator);
    if (group === undefined) groups.set(schedule.operator, [schedule]);
    else group.push(schedule);
  }
  return [...groups.values()].reverse().flat();
}

function nextAfter(due: number, everyMs: number, now: number): number {
  const next = due + everyMs;
  return next > now ? next : due + (Math.floor((now - due) / everyMs) + 1) * everyMs;
}
