import type { Log } from '../../log/log.ts';
import type { TopicPartition } from '../../log/record.ts';
import { type CommittedParking, committedParking } from '../../runtime/parked-keys.ts';
import { topicNamer } from '../../runtime/partitions.ts';
import { storesOfSystem } from '../state/system-stores.ts';
import type { System } from '../systems.ts';

/** What waits behind dead letters of one source partition of one system, as its committed state says. */
export interface PartitionParking extends TopicPartition, CommittedParking {
  readonly application: string;
}

/** Of all systems: every source partition in which something waits, or a replay was ever dropped. */
export async function committedParkings(
  log: Pick<Log, 'readState' | 'topics'>,
  systems: readonly Pick<System, 'application' | 'topology'>[],
): Promise<readonly PartitionParking[]> {
  const partitionsOf = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const found: PartitionParking[] = [];
  for (const system of systems) {
    const { application, topology } = system;
    const nameOf = topicNamer(application);
    const sources = topology.plan.subTopologies.flatMap((part) => part.sources.map(({ topic }) => nameOf(topic)));
    const places = sources.flatMap((topic) =>
      Array.from({ length: partitionsOf.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    );
    const parkings = await log.readState(storesOfSystem(system), (state) =>
      places.map((place) => ({ application, ...place, ...committedParking(state, place) })),
    );
    found.push(...parkings.filter(({ keys, dropped }) => keys.length > 0 || dropped > 0));
  }
  return found;
}
