import type { StateChanges } from '../../log.ts';
import { NO_HEADERS, type TopicPartition } from '../../record.ts';
import { RecordBuffer } from '../../record-buffer.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { ChangelogKeyWriter } from './changelog-record.ts';
import type { Changelogs } from './changelogs.ts';

/** Changes of state as records for their changelogs. */
export function changelogRecords(
  changes: readonly StateChanges[],
  changelogs: Pick<Changelogs, 'of'>,
  timestamp: number,
): readonly (TopicPartition & { readonly buffer: RecordBuffer })[] {
  const buffers = new Map<string, TopicPartition & { readonly buffer: RecordBuffer }>();
  for (const { store, partition, entries } of changes) {
    const place = changelogs.of(store, partition);
    const key = partitionKey(place.topic, place.partition);
    const target = buffers.get(key) ?? { ...place, buffer: new RecordBuffer() };
    buffers.set(key, target);
    const writer = new ChangelogKeyWriter(store, partition);
    for (const [text, value] of entries) target.buffer.append(timestamp, writer.write(text), value, NO_HEADERS);
  }
  return [...buffers.values()].filter(({ buffer }) => buffer.count > 0);
}
