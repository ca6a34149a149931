import { HeadraceError } from '../../errors.ts';
import type { Group } from '../membership/group.ts';
import type { SimulatedMemory } from './simulated-memory.ts';
import type { SimulatedPartition } from './simulated-partition.ts';

/** The smallest offset that any group which committed on the topic, or reads it, still needs. */
export function neededFrom(
  memory: SimulatedMemory,
  groups: ReadonlyMap<string, Group>,
  partition: SimulatedPartition,
): number {
  const { topic, start, end } = partition.watermarks;
  let needed = end;
  for (const group of memory.groups()) {
    const offsets = memory.offsetsOf(group);
    const isReader =
      [...offsets.values()].some((place) => place.topic === topic) || groups.get(group)?.subscribesTo(topic);
    if (isReader) needed = Math.min(needed, memory.committedOffset(group, partition.watermarks) ?? start);
  }
  return needed;
}

/** Makes room in a partition at its size limit. Throws LOG_BACKPRESSURE where what would have to go is still needed. */
export function requireRoom(partition: SimulatedPartition, needed: number, now: number): void {
  const { cleanup, retentionBytes, name } = partition.config;
  if (cleanup !== 'delete' || retentionBytes < 0 || partition.byteLength < retentionBytes) return;
  partition.retain(needed, now, Math.max(0, retentionBytes - 1));
  if (partition.byteLength < retentionBytes || needed >= partition.watermarks.end) return;
  throw new HeadraceError(
    'LOG_BACKPRESSURE',
    `${name}-${partition.partition} is at its limit of ${retentionBytes} bytes, and a group still needs its oldest records`,
    { retriable: true, where: { topic: name, partition: partition.partition } },
  );
}

/** Throws LOG_BACKPRESSURE where too many appends wait already. */
export function requireQueueRoom(queued: number, max: number): void {
  if (queued < max) return;
  throw new HeadraceError('LOG_BACKPRESSURE', `${queued} records wait already; try again shortly`, { retriable: true });
}
