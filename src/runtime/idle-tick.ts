import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import type { SourceNode, TopicName } from '../streams/topology/nodes.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import { topicNamer } from './partitions.ts';

/**
 * That a task's sources were silent so long that its stream time moved on without a record. It is written in the commit that
 * holds what it brought about, and says before which records it came, so that a replay repeats it at the same place.
 */
export interface IdleTick {
  /** From 1, for each task; one that is already applied is passed over. */
  readonly sequence: number;
  /** The stream time that it stands for, milliseconds since 1970. */
  readonly time: number;
  /** For each source topic the offset of the first record that comes after it. */
  readonly positions: Readonly<Record<string, number>>;
}

/** Throws LOG_CORRUPT for what no worker has written: such a tick must not be passed over like a bad record. */
export const idleTickSerde: Serde<IdleTick> = {
  serialize: (tick) => Buffer.from(JSON.stringify(tick)),
  deserialize(bytes) {
    const { sequence, time, positions } = parsed(bytes);
    const isTick = isWhole(sequence) && isWhole(time) && typeof positions === 'object' && positions !== null;
    if (!isTick || !Object.values(positions).every(isWhole)) throw corrupt();
    return { sequence, time, positions };
  },
};

function parsed(bytes: Uint8Array): Partial<IdleTick> {
  try {
    return (JSON.parse(Buffer.from(bytes).toString()) as Partial<IdleTick> | null) ?? {};
  } catch (cause) {
    throw corrupt(cause);
  }
}

/** The tick at the head of a queue. Throws LOG_CORRUPT for a record without a value, which no serde gets to see. */
export function idleTickOf(value: unknown): IdleTick {
  if (value === null) throw corrupt();
  return value as IdleTick;
}

function corrupt(cause?: unknown): HeadraceError {
  return new HeadraceError(
    'LOG_CORRUPT',
    'An idle tick is not what a worker writes; nobody else may write to its topic',
    cause === undefined ? {} : { cause },
  );
}

const NOTHING = new Uint8Array();

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The topic of a sub-topology's ticks, named after the first topic that it reads: numbers change with the plan. */
export function idleTickTopic(application: string, { sources }: SubTopology): string {
  return idleTickTopicOf(application, sources[0]!.topic);
}

/** By the first topic itself. */
export function idleTickTopicOf(application: string, first: TopicName): string {
  return `${application}-${topicNamer(application)(first)}-idle-ticks`;
}

/** What a task reads its ticks from. */
export function idleTickSource(topic: string): SourceNode {
  return Object.freeze({
    kind: 'source',
    id: -1,
    name: topic,
    parents: [],
    topic: { name: topic, isInternal: false },
    // A tick has no key; if somebody writes one, it says nothing.
    key: { serialize: () => NOTHING, deserialize: () => null },
    value: idleTickSerde as Serde<unknown>,
    timestampExtractor: undefined,
  });
}
