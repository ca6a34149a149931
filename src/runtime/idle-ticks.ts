import { HeadraceError } from '../errors.ts';
import { NO_HEADERS } from '../log/record.ts';
import type { StateNumber } from '../state/state-number.ts';
import { type IdleTick, idleTickOf, idleTickSerde } from './idle-tick.ts';
import type { Punctuate } from './punctuations.ts';
import type { TopicOutput } from './record-collector.ts';
import type { RecordQueue } from './record-queue.ts';
import type { TimedOperator } from './timed-operator.ts';

/** Whether every committed record of the queue's partition is fetched. */
export type IsCaughtUp = (queue: RecordQueue) => boolean;

/** Throws TOPOLOGY_INVALID for what is no time to wait. */
export function checkIdleAfter(idleAfterMs: number | undefined): void {
  if (idleAfterMs === undefined || (Number.isSafeInteger(idleAfterMs) && idleAfterMs >= 1)) return;
  throw new HeadraceError('TOPOLOGY_INVALID', `idleAfterMs must be whole milliseconds, at least 1, not ${idleAfterMs}`);
}

export interface IdleTicksOptions {
  /** How long all sources must be silent, milliseconds of the wall clock. */
  readonly afterMs: number;
  /** The ticks that were written before, as they come back from the log. */
  readonly queue: RecordQueue;
  readonly sources: readonly RecordQueue[];
  readonly output: TopicOutput;
  /** Of the last tick that was applied. */
  readonly sequence: StateNumber;
  /** Parents before children. */
  readonly operators: readonly TimedOperator[];
  /** The greatest timestamp that has reached any of the operators; negative before any has. */
  readonly streamTime: () => number;
  /** Sends on what cached tables hold back: it belongs to records that came before the silence. */
  readonly flush: () => void;
  /** Calls a function as a punctuation, whole or not at all: what fails in it ends the worker, unless it is to be skipped. */
  readonly punctuate: (punctuate: Punctuate, timestamp: number) => void;
}

/**
 * Lets the stream time of a silent task pass. When all of its sources have been silent for a while, and an operator waits for
 * a time that the clock has reached meanwhile, a tick is applied and written down in the same commit. In a replay the ticks
 * are read again, each before the very records before which it came, and no new one is made until all of them are applied.
 */
export class IdleTicks {
  readonly #options: IdleTicksOptions;
  #silentFrom: number | undefined;
  /** Stream time when the silence began: what ticks make of it since must not count twice. Known when it is long enough. */
  #streamTimeThen: number | undefined;
  /** An operator has not done what was due, and would be asked again and again: not before there is something new. */
  #isStuck = false;

  constructor(options: IdleTicksOptions) {
    this.#options = options;
  }

  /** A record was processed: silence begins anew, with the next {@link write}. */
  noteActive(): void {
    this.#silentFrom = undefined;
    this.#isStuck = false;
  }

  /** Whether it is known which tick comes next, if any: else a record might be taken before it. */
  isKnown(isCaughtUp: IsCaughtUp): boolean {
    this.#passOverApplied();
    return this.#options.queue.hasHead || isCaughtUp(this.#options.queue);
  }

  /** Whether the queue's records come after the tick that is next. */
  holdsBack(queue: RecordQueue): boolean {
    const tick = this.#next();
    if (tick === undefined) return false;
    const position = tick.positions[queue.topic] ?? 0;
    return (queue.hasHead ? queue.offset : queue.position) >= position;
  }

  /** Takes the next tick if all records before it are processed: compaction may have removed the last of them. */
  takeDue(isCaughtUp: IsCaughtUp): IdleTick | undefined {
    const tick = this.#next();
    if (tick === undefined) return undefined;
    const isDue = this.#options.sources.every(
      (queue) => this.holdsBack(queue) || (!queue.hasHead && isCaughtUp(queue)),
    );
    if (!isDue) return undefined;
    this.#options.queue.consume();
    this.#silentFrom = undefined;
    return tick;
  }

  /** A tick of now, if it is time for one; written to the log with what {@link apply} brings about. */
  write(now: number, isCaughtUp: IsCaughtUp): IdleTick | undefined {
    const { afterMs, queue, sources, output, streamTime, operators, flush } = this.#options;
    const isSilent = [...sources, queue].every((each) => !each.hasHead && isCaughtUp(each));
    // A clock that was set back begins the silence anew.
    if (!isSilent || this.#silentFrom === undefined || now < this.#silentFrom) {
      this.#silentFrom = now;
      this.#streamTimeThen = undefined;
      return undefined;
    }
    const silentMs = Math.floor(now - this.#silentFrom);
    if (silentMs < afterMs || this.#isStuck) return undefined;
    if (this.#streamTimeThen === undefined) {
      flush();
      this.#streamTimeThen = streamTime();
    }
    const time = this.#streamTimeThen + silentMs;
    // A timestamp at the end of all time leaves no room for silence after it.
    if (this.#streamTimeThen < 0 || !Number.isSafeInteger(time)) return undefined;
    if (!operators.some((operator) => operator.dueAt() <= time)) return undefined;
    const positions = Object.fromEntries(sources.map(({ topic, position }) => [topic, position]));
    const tick = { sequence: this.#options.sequence.value + 1, time, positions };
    output.append(queue.partition, time, null, idleTickSerde.serialize(tick), NO_HEADERS);
    return tick;
  }

  /** Operators for which nothing is due stay where they are: they take late records as if there had been no tick. */
  apply(tick: IdleTick): void {
    const { operators, sequence, flush, punctuate } = this.#options;
    flush();
    punctuate((time) => {
      for (const operator of operators) if (operator.dueAt() <= time) operator.advance(time);
    }, tick.time);
    // By itself: the turn of a tick that fails and is skipped is over as well, or it would come again from the log.
    punctuate(() => {
      sequence.value = tick.sequence;
    }, tick.time);
    this.#isStuck = operators.some((operator) => operator.dueAt() <= tick.time);
  }

  #next(): IdleTick | undefined {
    const { queue } = this.#options;
    return queue.hasHead ? idleTickOf(queue.value) : undefined;
  }

  #passOverApplied(): void {
    const { queue, sequence } = this.#options;
    while (queue.hasHead && idleTickOf(queue.value).sequence <= sequence.value) queue.consume();
  }
}
