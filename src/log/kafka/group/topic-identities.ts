import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';

/** The ids (KIP-516) of the topics that an offset goes with; '' where it is not known, or there is none. */
export interface TopicIdentities {
  readonly source: string;
  /** The changelog in which the state that hangs on the source is. */
  readonly changelog: string;
  readonly groupChangelog: string;
}

const NONE: TopicIdentities = { source: '', changelog: '', groupChangelog: '' };
const VERSION = 'headrace-1';

/**
 * They travel as the metadata of each committed offset: brokers keep offsets under the names of topics, and a topic that was deleted and made again
 * has the name of the one before.
 */
export function encodeIdentities({ source, changelog, groupChangelog }: TopicIdentities): string {
  return [VERSION, source, changelog, groupChangelog].join(' ');
}

/** Nothing is known of an offset that another tool has set. */
export function decodeIdentities(metadata: string): TopicIdentities {
  const [version, source = '', changelog = '', groupChangelog = ''] = metadata.split(' ');
  return version === VERSION ? { source, changelog, groupChangelog } : NONE;
}

/**
 * Throws TOPIC_RECREATED where the source is another one than the offset was committed for, and STATE_MISMATCH where a changelog is: the state in
 * it is gone, and to go on would be to count from nothing.
 */
export function requireSameTopics(
  group: string,
  place: TopicPartition & { readonly offset: number },
  committed: TopicIdentities,
  present: TopicIdentities,
): void {
  const { topic, partition, offset } = place;
  const where = { where: { topic, partition, offset } };
  if (differ(committed.source, present.source)) throw topicRecreated(topic, group, offset);
  const isOfSource = differ(committed.changelog, present.changelog);
  if (!isOfSource && !differ(committed.groupChangelog, present.groupChangelog)) return;
  const name = isOfSource ? `${group}-${topic}-changelog` : `${group}-group-changelog`;
  throw new HeadraceError(
    'STATE_MISMATCH',
    `The changelog ${name} was deleted and made again: state of ${group} is gone, and ${topic}-${partition} is committed up to ${offset}. Begin anew from the records (headrace reset ${group} --to-earliest), or bring the topic back from a backup`,
    where,
  );
}

/** A topic that is not the one that was read so far. */
export function topicRecreated(topic: string, group: string, offset?: number): HeadraceError {
  const upTo = offset === undefined ? '' : ` up to ${offset}`;
  return new HeadraceError(
    'TOPIC_RECREATED',
    `Topic ${topic} was deleted and made again: what ${group} has read of it${upTo} is gone, and its offsets mean other records now. Reconcile; then read the new topic from its beginning, with the state so far (headrace reset ${group} --topic ${topic} --to-earliest --keep-state), or begin anew with everything (headrace reset ${group} --to-earliest)`,
    { where: { topic, ...(offset === undefined ? {} : { offset }) } },
  );
}

function differ(before: string, now: string): boolean {
  return before !== '' && now !== '' && before !== now;
}
