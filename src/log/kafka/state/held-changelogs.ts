import type { Cluster } from '../cluster/cluster.ts';
import type { Topics } from '../cluster/topics.ts';
import { encodeHeldState, type HeldPartition, type HeldState } from '../group/held-state.ts';
import type { Changelogs } from './changelogs.ts';
import type { LocalState } from './local-state.ts';

/**
 * What of a group's changelogs is on this machine's disk and could be continued: not what is of another topic of the name, and not what is so old that it
 * would be built anew.
 */
export async function heldChangelogs(
  { cluster, topics, local }: { readonly cluster: Cluster; readonly topics: Topics; readonly local: LocalState },
  changelogs: Changelogs,
): Promise<HeldState> {
  const held: HeldPartition[] = [];
  for (const { source, topic } of changelogs.sources) {
    const changelog = await cluster.found(topic);
    if (changelog === undefined) continue;
    const oldest = cluster.timing.clock() - (await topics.deleteRetentionMs(topic)) / 2;
    for (const partition of changelog.leaders.keys()) {
      const position = local.position({ topic, partition });
      if (position === undefined || position.topicId !== changelog.id || position.currentAt < oldest) continue;
      held.push({ topic: source, partition, offset: position.offset });
    }
  }
  return encodeHeldState(
    changelogs.sources.map(({ source }) => source),
    held,
  );
}
