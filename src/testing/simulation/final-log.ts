import type { Headers } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { SimulatedMemory } from '../../log/simulated/simulated-memory.ts';
import type { Serde } from '../../serde/serde.ts';

/** A record as it stands in a topic at the end of a run. */
export interface FinalRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** What stands in the topics when a simulation has come to its end. */
export class FinalLog {
  readonly #memory: SimulatedMemory;

  constructor(memory: SimulatedMemory) {
    this.#memory = memory;
  }

  /** All records of a topic, partition after partition. Throws TOPIC_UNKNOWN. */
  records(topic: string): readonly FinalRecord[] {
    return this.#memory.topic(topic).flatMap(({ partition }) => recordsOf(this.#memory, topic, partition));
  }

  /** The values of a topic, decoded; null for a tombstone. */
  values<V>(topic: string, serde: Serde<V>): readonly (V | null)[] {
    return this.records(topic).map(({ value }) => (value === null ? null : serde.deserialize(value)));
  }
}

/** The records of a partition, in order. */
export function recordsOf(memory: SimulatedMemory, topic: string, partition: number): readonly FinalRecord[] {
  const { start, end } = memory.partition({ topic, partition }).watermarks;
  const batch = batchOf(memory, topic, partition, start, end - start);
  if (batch === undefined) return [];
  return Array.from({ length: batch.length }, (_, i) => ({
    partition,
    offset: batch.offsetAt(i),
    timestamp: batch.timestampAt(i),
    key: batch.keyAt(i),
    value: batch.valueAt(i),
    headers: batch.headersAt(i),
  }));
}

/** So many records of a partition from an offset on, as a task is given them; undefined where there are none. */
export function batchOf(
  memory: SimulatedMemory,
  topic: string,
  partition: number,
  fromOffset: number,
  maxRecords: number,
): RecordBatch | undefined {
  if (maxRecords <= 0) return undefined;
  const limits = { epoch: 0, isBatchStart: false, maxRecords, maxBytes: Number.MAX_SAFE_INTEGER };
  return memory.partition({ topic, partition }).fetch({ topic, partition, fromOffset, ...limits }).batches[0];
}
