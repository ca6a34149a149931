import type { Log } from '../../log/log.ts';
import type { TopicPartition } from '../../log/record.ts';
import { type CommittedParking, committedParking } from '../../runtime/parked-keys.ts';
import { topicNamer } from '../../runtime/partitions.ts';
import type { System } from '../systems.ts';

/** What waits behind dead letters of one source partition of one system, as its committed state says. */
export interface PartitionParking extends TopicPartition, CommittedParking {
  readonly application: string;
}

/** Of all systems: every source partition in which something waits, or a replay was ever dropped. */
export async function committedParkings(
  log: Pick<Log, 'state' | 'topics'>,
  systems: readonly Pick<System, 'application' | 'topology'>[],
): Promise<readonly PartitionParking[]> {
  const partitionsOf = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const found: PartitionParking[] = [];
  for (const { application, topology } of systems) {
    const state = log.state(application);
    const nameOf = topicNamer(application);
    for (const { topic: source } of topology.plan.subTopologies.flatMap(({ sources }) => sources)) {
      const topic = nameOf(source);
      for (let partition = 0; partition < (partitionsOf.get(topic) ?? 0); partition++) {
        const { keys, dropped } = committedParking(state, { topic, partition });
        if (keys.length > 0 || dropped > 0) found.push({ application, topic, partition, keys, dropped });
      }
    }
  }
  return found;
}
