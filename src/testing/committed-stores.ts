import { HeadraceError } from '../errors.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import type { Plan } from '../streams/topology/plan.ts';
import type { MemoryState } from './memory-state.ts';
import { type StoreView, viewOf } from './store-view.ts';

/** The partitions of a store as they are committed. Throws STORE_UNKNOWN. */
export function committedStores(
  plan: Plan,
  name: string,
  state: MemoryState,
  partitionsOf: (topic: TopicName) => number,
): readonly StoreView[] {
  for (const { stores, sources } of [...plan.subTopologies, ...plan.globalTables]) {
    const found = stores.find((store) => store.name === name);
    if (found === undefined) continue;
    return Array.from({ length: partitionsOf(sources[0]!.topic) }, (_, partition) =>
      viewOf(found, new WriteBuffer(name, partition, state.partition(name, partition))),
    );
  }
  throw new HeadraceError('STORE_UNKNOWN', `The topology has no store ${name}`);
}
