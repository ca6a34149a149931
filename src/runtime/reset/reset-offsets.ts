import type { GroupOffset, Log, Watermarks } from '../../log/log.ts';
import type { PartitionReset, ResetTarget } from './reset-request.ts';

/** From where to where each partition of a topic goes. `committed` are the group's offsets. Throws TOPIC_UNKNOWN. */
export async function partitionResets(
  log: Log,
  topic: string,
  target: ResetTarget,
  committed: readonly GroupOffset[],
): Promise<readonly PartitionReset[]> {
  const resets: PartitionReset[] = [];
  for (const watermarks of await log.watermarks(topic)) {
    const { partition, start, end } = watermarks;
    const found = committed.find((each) => each.topic === topic && each.partition === partition);
    const from = found?.offset ?? null;
    // Where nothing is committed, a member begins with the first record held.
    const stands = Math.max(from ?? start, start);
    const to = Math.min(Math.max(await offsetOf(log, watermarks, target, stands), start), end);
    resets.push({ topic, partition, from, to, rereads: Math.max(0, stands - to), skips: Math.max(0, to - stands) });
  }
  return resets;
}

async function offsetOf(log: Log, place: Watermarks, target: ResetTarget, stands: number): Promise<number> {
  switch (target.kind) {
    case 'earliest':
      return place.start;
    case 'latest':
      return place.end;
    case 'offset':
      return target.offset;
    case 'by':
      return stands + target.count;
    case 'time':
      return firstFrom(log, place, target.timeMs);
  }
}

/** As Kafka's look-up by time: timestamps need no order, and the first offset counts. */
async function firstFrom(log: Log, { topic, partition, start, end }: Watermarks, timeMs: number): Promise<number> {
  for (let offset = start; offset < end; ) {
    const batch = await log.read(topic, partition, offset);
    if (batch === null) break;
    for (let i = 0; i < batch.length; i++) {
      if (batch.timestampAt(i) >= timeMs) return batch.offsetAt(i);
    }
    offset = batch.offsetAt(batch.length - 1) + 1;
  }
  return end;
}
