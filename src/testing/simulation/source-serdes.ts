import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { NewRecord } from '../../log/record.ts';
import type { Serde } from '../../serde/serde.ts';
import type { SimulatedInput, SimulationOptions } from './simulation-options.ts';
import { topicsOf } from './topics-of.ts';

/** Makes the bytes of what producers send, by the serdes with which the topologies read it. */
export function encoderOf(options: SimulationOptions) {
  const plans = options.applications.map(({ topology }) => topology.plan);
  const sources = plans.flatMap(({ subTopologies, globalTables }) =>
    [...subTopologies, ...globalTables].flatMap((each) => each.sources),
  );
  return (input: SimulatedInput, partitions: number, nowMs: number): NewRecord => {
    const { topic, key, value, timestamp = nowMs } = input;
    const source = sources.find((each) => !each.topic.isInternal && each.topic.name === topic);
    if (source === undefined) {
      throw new HeadraceError('TOPIC_UNKNOWN', `The input of the simulation is for ${topic}, which nobody reads`);
    }
    const count = topicsOf(options, partitions).find(({ name }) => name === topic)!.partitions;
    const bytes = bytesOf(source.key, key);
    const partition = input.partition ?? partitionFor(bytes, count);
    return { topic, partition, timestamp, key: bytes, value: bytesOf(source.value, value) };
  };
}

function bytesOf(serde: Serde<unknown>, value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? value : serde.serialize(value);
}
