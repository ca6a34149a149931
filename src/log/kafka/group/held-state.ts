import type { TopicPartition } from '../../record.ts';

/**
 * How far an instance has applied the changelogs of its group, as its subscription says it: by source topic, in runs of partitions that follow each
 * other, each with the first one's number and then their offsets. A source with state of which nothing is here has no runs.
 */
export type HeldState = Readonly<Record<string, readonly (readonly number[])[]>>;

export interface HeldPartition extends TopicPartition {
  /** The next offset of the changelog to be applied. */
  readonly offset: number;
}

/** @param sources all that have state. @param held of those, each once. */
export function encodeHeldState(sources: readonly string[], held: readonly HeldPartition[]): HeldState {
  const runs: Record<string, number[][]> = Object.fromEntries(sources.map((source) => [source, []]));
  for (const { topic, partition, offset } of [...held].sort((a, b) => a.partition - b.partition)) {
    const of = runs[topic]!;
    const last = of.at(-1);
    if (last !== undefined && last[0]! + last.length - 1 === partition) last.push(offset);
    else of.push([partition, offset]);
  }
  return runs;
}

export function decodeHeldState(state: HeldState): readonly HeldPartition[] {
  return Object.entries(state).flatMap(([topic, runs]) =>
    runs.flatMap(([first, ...offsets]) => offsets.map((offset, i) => ({ topic, partition: first! + i, offset }))),
  );
}
