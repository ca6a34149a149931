import { HeadraceError } from '../../../errors.ts';
import type { CommittedPartition, CommittedState } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { pause, type Timing } from '../cluster/retries.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { FetchedUnit } from './fetched-unit.ts';
import type { OwnerStamp, UnitAnswer, UnitQuestion } from './question.ts';

/** The unit of what belongs to a group as a whole: no topic has this name. */
export const GROUP_UNIT: TopicPartition = { topic: '', partition: 0 };

/** State that is at hand in this process, and under whom. */
export interface StateAtHand {
  readonly state: CommittedState;
  readonly stamp: OwnerStamp;
}

/** Those who have the state of a group. */
export interface StateOwners {
  /** The source on which a store hangs; undefined for what belongs to the group as a whole. */
  sourceOf(store: string): string | undefined;
  /** What this process has of a unit and may answer itself, as far as it knows. */
  atHand(unit: TopicPartition): StateAtHand | undefined;
  /**
   * Asks the owner; `here` where the state is at hand by now. Rejects with a retriable error where nobody answers now; `isRepeated` where that
   * has happened: who owns what is to be looked up anew.
   */
  ask(question: UnitQuestion, isRepeated: boolean): Promise<UnitAnswer | 'here'>;
  /** Asks, from now on, whether the units still stand with those; returns the units that do not. */
  moved(stamps: readonly (readonly [TopicPartition, OwnerStamp])[]): Promise<readonly TopicPartition[]>;
}

export interface ReadingOptions {
  readonly group: string;
  readonly owners: StateOwners;
  readonly timing: Timing;
}

/** How long nothing may come of a unit that is needed. */
const SILENCE_MAX_MS = 10_000;
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 500;
/** Answers of one unit under new versions each: it changes faster than the reader can follow. */
const CONFLICTS_MAX = 20;
/** What one reading holds of other processes' state. */
const FETCHED_BYTES_MAX = 256 * 1024 * 1024;
/** A reader that asks for something else with each run would never end. */
const ANSWERS_MAX = 10_000;

/** Why nothing came of a unit, since when, and when it is tried again. */
interface Failure {
  readonly error: HeadraceError;
  readonly since: number;
  readonly retryAt: number;
  readonly retryMs: number;
}

/**
 * Runs a synchronous reader against state that is spread over processes: what a run misses is fetched, until a run misses nothing; only that
 * run's result counts. See docs/KAFKA.md for what is promised of it.
 */
export class Reading {
  readonly #options: ReadingOptions;
  readonly #fetched = new Map<string, FetchedUnit>();
  readonly #asking = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, Failure>();
  #answers = 0;
  /** An error that no repetition mends. */
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Throws what the reader throws, STATE_UNAVAILABLE, and what `owners` reject with for good. */
  async result<T>(reader: (state: CommittedState) => T): Promise<T> {
    const { owners } = this.#options;
    for (;;) {
      const run = this.#run(reader);
      if (run.missed.length === 0) {
        const moved = await owners.moved(run.stamps);
        if (moved.length === 0) return run.outcome();
        for (const unit of moved) {
          this.#unit(unit).isDoubted = true;
          this.#fail(unit, this.#unavailable(unit, 'it went to another owner while it was read'));
        }
        await this.#settled(moved);
        continue;
      }
      for (const unit of run.missed) this.#ask(unit);
      await this.#settled(run.missed);
    }
  }

  #run<T>(reader: (state: CommittedState) => T) {
    const { owners } = this.#options;
    const missed = new Map<string, TopicPartition>();
    const stamps = new Map<string, readonly [TopicPartition, OwnerStamp]>();
    const partition = (store: string, number: number): CommittedPartition => {
      const source = owners.sourceOf(store);
      const unit = source === undefined ? GROUP_UNIT : { topic: source, partition: number };
      const key = partitionKey(unit.topic, unit.partition);
      const atHand = owners.atHand(unit);
      if (atHand !== undefined) {
        stamps.set(key, [unit, atHand.stamp]);
        return atHand.state.partition(store, number);
      }
      const fetched = this.#unit(unit);
      const onMiss = () => void missed.set(key, unit);
      if (fetched.isDoubted) return lazily(fetched.partition(store, onMiss), onMiss);
      stamps.set(key, [unit, fetched.stamp!]);
      return fetched.partition(store, onMiss);
    };
    let outcome: () => T;
    try {
      const value = reader({ partition });
      outcome = () => value;
    } catch (error) {
      // Of a run that missed something it says nothing.
      outcome = () => {
        throw error;
      };
    }
    return { outcome, missed: [...missed.values()], stamps: [...stamps.values()] };
  }

  /** Unless it is being asked already, or its time to be asked again has not come. */
  #ask(unit: TopicPartition): void {
    const { owners, timing } = this.#options;
    const key = partitionKey(unit.topic, unit.partition);
    const failure = this.#failures.get(key);
    if (this.#asking.has(key) || (failure !== undefined && failure.retryAt > timing.clock())) return;
    const fetched = this.#unit(unit);
    const question = fetched.question();
    const asking = owners.ask(question, failure !== undefined).then(
      (answer) => {
        this.#failures.delete(key);
        if (++this.#answers > ANSWERS_MAX) {
          throw this.#unavailable(undefined, `the reader has not come to an end after ${ANSWERS_MAX} answers`);
        }
        if (answer === 'here') return;
        fetched.take(question, answer);
        this.#requireBounds(fetched);
      },
      (error: unknown) => {
        if (!(error instanceof HeadraceError) || !error.retriable) throw error;
        this.#fail(unit, error);
      },
    );
    const settled = asking
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, settled);
  }

  /** Until one of the units may have something new. */
  async #settled(units: readonly TopicPartition[]): Promise<void> {
    const { timing } = this.#options;
    const keys = units.map((unit) => partitionKey(unit.topic, unit.partition));
    for (;;) {
      const asking = keys.flatMap((key) => this.#asking.get(key) ?? []);
      const failures = keys.flatMap((key) => (this.#asking.has(key) ? [] : (this.#failures.get(key) ?? [])));
      // Something came of one of them at once.
      if (this.#failure === undefined && asking.length + failures.length < keys.length) return;
      const retryAt = Math.min(...failures.map((failure) => failure.retryAt));
      const waitMs = retryAt - timing.clock();
      if (asking.length > 0) await Promise.race([...asking, ...(failures.length > 0 ? [pause(timing, waitMs)] : [])]);
      else if (waitMs > 0) await pause(timing, waitMs);
      if (this.#failure !== undefined) throw this.#failure.error;
      const silent = keys
        .flatMap((key) => this.#failures.get(key) ?? [])
        .find(({ since }) => timing.clock() - since >= SILENCE_MAX_MS);
      if (silent !== undefined) throw silent.error;
      if (keys.some((key) => !this.#asking.has(key) && (this.#failures.get(key)?.retryAt ?? 0) <= timing.clock()))
        return;
    }
  }

  #fail(unit: TopicPartition, error: HeadraceError): void {
    const key = partitionKey(unit.topic, unit.partition);
    const now = this.#options.timing.clock();
    const before = this.#failures.get(key);
    const retryMs = before === undefined ? RETRY_MIN_MS : Math.min(before.retryMs * 2, RETRY_MAX_MS);
    this.#failures.set(key, { error, since: before?.since ?? now, retryAt: now + retryMs, retryMs });
  }

  #requireBounds({ unit, conflicts }: FetchedUnit): void {
    if (conflicts > CONFLICTS_MAX) {
      throw this.#unavailable(
        unit,
        `it changes faster than so much of it can be read: ${conflicts} answers were of as many commits. Read less at once, or while little comes in`,
      );
    }
    let bytes = 0;
    for (const each of this.#fetched.values()) bytes += each.bytes;
    if (bytes <= FETCHED_BYTES_MAX) return;
    throw new HeadraceError(
      'USAGE',
      `More than ${FETCHED_BYTES_MAX / 1024 / 1024} MiB of other instances' state would be read at once: ask for less, with a limit`,
    );
  }

  #unit(unit: TopicPartition): FetchedUnit {
    const key = partitionKey(unit.topic, unit.partition);
    let fetched = this.#fetched.get(key);
    if (fetched === undefined) {
      fetched = new FetchedUnit(unit);
      this.#fetched.set(key, fetched);
    }
    return fetched;
  }

  #unavailable(unit: TopicPartition | undefined, because: string): HeadraceError {
    return stateUnavailable(this.#options.group, unit, because);
  }
}

/** A partition whose answers are in doubt: whatever is asked of it is missed, also where it is known. */
function lazily(partition: CommittedPartition, onMiss: () => void): CommittedPartition {
  return {
    get(key) {
      onMiss();
      return partition.get(key);
    },
    *range(from, to, reverse) {
      onMiss();
      yield* partition.range(from, to, reverse);
    },
  };
}

/** What can't be read now; it may be later. */
export function stateUnavailable(group: string, unit: TopicPartition | undefined, because: string): HeadraceError {
  const what =
    unit === undefined
      ? `The state of group ${group}`
      : unit.topic === ''
        ? `The state of group ${group} as a whole`
        : `Partition ${unit.partition} of the state of group ${group} that hangs on ${unit.topic}`;
  return new HeadraceError('STATE_UNAVAILABLE', `${what} can't be read now: ${because}`, {
    retriable: true,
    ...(unit === undefined || unit.topic === '' ? {} : { where: unit }),
  });
}
