import type { ChangelogStores } from '../log/log.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { sourceOfStores } from '../streams/topology/state-sources.ts';
import { parkedStoreOf, timeStoreOf } from './engine-stores.ts';
import { topicNamer } from './partitions.ts';

/**
 * Which stores hang on which source topic, for joining the group: every store of the plan once, and the engine's own of each source.
 * The task of partition p owns partition p of all topics that it reads, so each partition of each store has one writer. What belongs
 * to the application as a whole (`__plan`) is not listed.
 */
export function changelogsOf(plan: Plan, application: string): readonly ChangelogStores[] {
  const nameOf = topicNamer(application);
  return plan.subTopologies.flatMap((subTopology) => {
    const storesOf = new Map<string, string[]>();
    for (const { topic } of subTopology.sources) {
      const name = nameOf(topic);
      storesOf.set(name, [timeStoreOf(name), parkedStoreOf(name)]);
    }
    for (const [store, { topic }] of sourceOfStores(subTopology)) storesOf.get(nameOf(topic))!.push(store);
    return [...storesOf].map(([source, stores]) => ({ source, stores }));
  });
}
