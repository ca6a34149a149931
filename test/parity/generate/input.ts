import type { SeededRandom } from '../../../src/random.ts';
import type { Step } from '../scenario.ts';

/** What the records of a topic are like. */
export interface TopicTraits {
  readonly topic: string;
  /** How often a record is a deletion. */
  readonly deletes?: number;
  /** Values that are null now and then, keys too. */
  readonly hasNulls?: boolean;
  readonly hasNullKeys?: boolean;
  /** Values that begin with the key of another table. */
  readonly hasForeignKeys?: boolean;
  readonly hasCommas?: boolean;
  /** Keys are what values begin with. */
  readonly isGlobal?: boolean;
  /** How often a record comes late (0.3). */
  readonly disorder?: number;
}

export interface InputTraits {
  readonly topics: readonly TopicTraits[];
  readonly keys: readonly string[];
  readonly steps: number;
  readonly hasWallClock: boolean;
}

const LETTERS = [...'abcdefg'];
const WALL_CLOCK_STEPS = [1, 4, 5, 7, 12, 20, 33, 60];

/** Records of all topics in one order, with time that mostly goes on, jumps now and then, and comes late. */
export function drawInput(random: SeededRandom, { topics, keys, steps, hasWallClock }: InputTraits): readonly Step[] {
  const pace = random.pick([4, 10, 15]);
  const chance = (of: number) => random.next() < of;
  const text = () => Array.from({ length: 1 + random.below(6) }, () => random.pick(LETTERS)).join('');
  const valueFor = ({ deletes = 0, hasNulls, hasForeignKeys, hasCommas }: TopicTraits) => {
    if (chance(hasNulls ? 0.15 : deletes)) return null;
    if (hasForeignKeys && chance(0.8)) return `${random.pick(keys)}:${text()}`;
    return hasCommas && chance(0.4) ? `${text()},${text()}` : text();
  };
  let time = 0;
  return Array.from({ length: steps }, () => {
    if (hasWallClock && chance(0.2)) return { advanceWallClockMs: random.pick(WALL_CLOCK_STEPS) };
    time += chance(0.06) ? 40 + random.below(60) : random.below(pace);
    const topic = random.pick(topics);
    const late = chance(topic.disorder ?? 0.3) ? random.below(chance(0.2) ? 70 : 25) : 0;
    const key = topic.hasNullKeys && chance(0.12) ? null : random.pick(topic.isGlobal ? LETTERS : keys);
    return { topic: topic.topic, key, value: valueFor(topic), ts: Math.max(0, time - late) };
  });
}
