import type { GroupReset } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBuffer } from '../../record-buffer.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { resetMarks } from './changelog-record.ts';
import { changelogOf, changelogsOf } from './changelogs.ts';
import { changelogRecords } from './member-state.ts';
import { witnessChanges } from './offset-witness.ts';

/**
 * What a reset says in the changelogs of a group: that everything before is gone, or, where the state stays, up to which offset of its source it
 * counts from now on.
 */
export async function resetRecords(
  cluster: Cluster,
  group: string,
  { offsets, dropsState }: GroupReset,
  timestamp: number,
): Promise<readonly (TopicPartition & { readonly buffer: RecordBuffer })[]> {
  if (dropsState) {
    return (await changelogsOf(cluster, group)).map((place) => ({ ...place, buffer: resetMarks(timestamp) }));
  }
  const records: (TopicPartition & { readonly buffer: RecordBuffer })[] = [];
  for (const offset of offsets) {
    const topic = changelogOf(group, offset.topic);
    const changelog = await cluster.found(topic);
    if (changelog === undefined || !(offset.partition in changelog.leaders)) continue;
    const place = { of: () => ({ topic, partition: offset.partition }) };
    records.push(...changelogRecords([witnessChanges(offset)], place, timestamp));
  }
  return records;
}
