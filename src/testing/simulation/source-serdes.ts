import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { NewRecord } from '../../log/record.ts';
import type { Serde } from '../../serde/serde.ts';
import type { SimulatedInput, SimulationOptions } from './simulation-options.ts';
import { topicsOf } from './topics-of.ts';

/** Makes the bytes of what producers send in a run with so many partitions, by the serdes with which the topologies read it. */
export function encoderOf(options: SimulationOptions, partitions: number) {
  const plans = options.applications.map(({ topology }) => topology.plan);
  const sources = plans.flatMap(({ subTopologies, globalTables }) =>
    [...subTopologies, ...globalTables].flatMap((each) => each.sources),
  );
  const counts = new Map(topicsOf(options, partitions).map((topic) => [topic.name, topic.partitions]));
  return (input: SimulatedInput, nowMs: number): NewRecord => {
    const { topic, key, value, timestamp = nowMs } = input;
    const source = sources.find((each) => !each.topic.isInternal && each.topic.name === topic);
    if (source === undefined) {
      throw new HeadraceError('TOPIC_UNKNOWN', `The input of the simulation is for ${topic}, which nobody reads`);
    }
    const bytes = bytesOf(source.key, key);
    const partition = input.partition ?? partitionFor(bytes, counts.get(topic)!);
    return { topic, partition, timestamp, key: bytes, value: bytesOf(source.value, value) };
  };
}

function bytesOf(serde: Serde<unknown>, value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? value : serde.serialize(value);
}
