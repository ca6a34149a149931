import type { GroupOffset, Log, Member } from '../log/log.ts';
import type { TopicPartition } from '../log/record.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { topicNamer } from './partitions.ts';

/** What a worker has under way. */
interface AssignedQueues {
  queues(): Iterable<TopicPartition & { readonly size: number }>;
  readonly committedOffsets: readonly GroupOffset[];
}

/** For each topic the offset after the last record of each partition, by the partition's number. */
export type Ends = ReadonlyMap<string, readonly number[]>;

interface Waiter {
  readonly ends: Ends;
  readonly resolve: () => void;
}

/**
 * Those who wait until a worker has committed everything that was in its source topics when they asked. They wait for
 * offsets and not for a moment without records, which may never come while producers keep sending.
 */
export class IdleWaiters {
  readonly #waiting: Waiter[] = [];
  #hasEnded = false;

  get count(): number {
    return this.#waiting.length;
  }

  /** Resolves when a {@link check} finds the ends committed, and when the worker ends. */
  add(ends: Ends): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ ends, resolve }));
  }

  /**
   * Resolves those among the first `count` whose ends are committed for all assigned partitions. `isAtEnd`: a poll begun
   * after they asked found no more in the partition and all of it is committed, which covers offsets that hold no record
   * any more (compaction).
   */
  check(count: number, committed: readonly GroupOffset[], isAtEnd: (partition: TopicPartition) => boolean): void {
    for (const waiter of this.#waiting.slice(0, count)) {
      if (!isReached(waiter.ends, committed, isAtEnd)) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
  }

  /** The same, of a worker: at its end is a partition that is read up, whose queue is empty, with nothing uncommitted. */
  answer(count: number, member: Pick<Member, 'isCaughtUp'>, assigned: AssignedQueues, hasUncommitted: boolean): void {
    const sizes = new Map([...assigned.queues()].map((queue) => [`${queue.topic}-${queue.partition}`, queue.size]));
    const isAtEnd = (each: TopicPartition) =>
      !hasUncommitted && sizes.get(`${each.topic}-${each.partition}`) === 0 && member.isCaughtUp(each);
    this.check(count, assigned.committedOffsets, isAtEnd);
  }

  /** The worker has ended: nobody need wait for it any more. */
  end(): void {
    this.#hasEnded = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }
}

/** Whether everything up to the ends is committed; partitions that are not assigned are another worker's matter. */
export function isReached(
  ends: Ends,
  committed: readonly GroupOffset[],
  isAtEnd: (partition: TopicPartition) => boolean = () => false,
): boolean {
  return committed.every((each) => {
    const end = ends.get(each.topic)?.[each.partition] ?? 0;
    return each.offset >= end || isAtEnd(each);
  });
}

/** The ends of the topics that a plan reads, or of its repartition topics alone; those that do not exist yet are left out. */
export async function sourceEnds(log: Log, plan: Plan, application: string, onlyInternal: boolean): Promise<Ends> {
  const nameOf = topicNamer(application);
  const existing = new Set((await log.topics()).map(({ name }) => name));
  const ends = new Map<string, readonly number[]>();
  for (const { topic } of plan.subTopologies.flatMap(({ sources }) => sources)) {
    const name = nameOf(topic);
    if ((onlyInternal && !topic.isInternal) || !existing.has(name)) continue;
    ends.set(
      name,
      (await log.watermarks(name)).map(({ end }) => end),
    );
  }
  return ends;
}
