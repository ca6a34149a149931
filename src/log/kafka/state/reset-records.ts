import type { GroupOffset, GroupReset } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBuffer } from '../../record-buffer.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { encodeIdentities } from '../group/topic-identities.ts';
import type { OffsetWithMetadata } from '../protocol/requests/txn-offset-commit.ts';
import { resetMarks } from './changelog-record.ts';
import { changelogRecords } from './changelog-records.ts';
import { changelogOf, changelogsOf, groupChangelogOf } from './changelogs.ts';
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
    const { id } = await cluster.topic(offset.topic);
    records.push(...changelogRecords([witnessChanges(offset, id)], place, timestamp));
  }
  return records;
}

/** Offsets that a reset sets, with the topics as they are now: whoever resets has accepted them. */
export async function withIdentities(
  cluster: Cluster,
  group: string,
  offsets: readonly GroupOffset[],
): Promise<readonly OffsetWithMetadata[]> {
  const groupChangelog = await idOf(cluster, groupChangelogOf(group));
  const found: OffsetWithMetadata[] = [];
  for (const each of offsets) {
    const [source, changelog] = [
      (await cluster.topic(each.topic)).id,
      await idOf(cluster, changelogOf(group, each.topic)),
    ];
    found.push({ ...each, metadata: encodeIdentities({ source, changelog, groupChangelog }) });
  }
  return found;
}

async function idOf(cluster: Cluster, topic: string): Promise<string> {
  return (await cluster.found(topic))?.id ?? '';
}
