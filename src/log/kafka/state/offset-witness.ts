import { HeadraceError } from '../../../errors.ts';
import type { CommittedState, GroupOffset, StateChanges } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { topicRecreated } from '../group/topic-identities.ts';

/**
 * The store in which the state that hangs on a source says up to which offset of that source it was written. It travels in the same
 * changelog and transaction as the state, so that the two can't part.
 */
export function witnessStoreOf(source: string): string {
  return `__offset.${source}`;
}

const KEY = '';
const OFFSET_BYTES = 8;

/** The offset in eight bytes, and the id of the topic that it is of. */
export function witnessChanges({ topic, partition, offset }: GroupOffset, topicId: string): StateChanges {
  const bytes = Buffer.alloc(OFFSET_BYTES);
  bytes.writeBigUInt64BE(BigInt(offset));
  const entry = Buffer.concat([bytes, Buffer.from(topicId)]);
  return { store: witnessStoreOf(topic), partition, entries: [[KEY, entry]] };
}

interface Witness {
  readonly offset: number;
  readonly topicId: string;
}

function witnessOf(state: CommittedState, { topic, partition }: TopicPartition): Witness | undefined {
  const found = state.partition(witnessStoreOf(topic), partition).get(KEY);
  if (found === undefined) return undefined;
  const bytes = Buffer.from(found);
  return { offset: Number(bytes.readBigUInt64BE()), topicId: bytes.toString('latin1', OFFSET_BYTES) };
}

/**
 * Throws TOPIC_RECREATED where the state holds records of another topic of that name (brokers forget the offsets of a topic that is deleted),
 * and STATE_MISMATCH where the group's offset lies before the one up to which the state was written: processing from there would
 * count records twice. Brokers forget the offsets of a group without members after `offsets.retention.minutes` (seven days), and other tools set them.
 */
export function requireOffsetOfState(
  group: string,
  state: CommittedState,
  place: TopicPartition & { readonly topicId: string },
  committed: number | undefined,
): void {
  const witness = witnessOf(state, place);
  if (witness === undefined) return;
  const { offset: witnessed, topicId } = witness;
  if (topicId !== '' && topicId !== place.topicId) throw topicRecreated(place.topic, group, witnessed);
  if ((committed ?? Number.NEGATIVE_INFINITY) >= witnessed) return;
  const { topic, partition } = place;
  const found = committed === undefined ? 'has no committed offset any more' : `is committed up to ${committed} only`;
  throw new HeadraceError(
    'STATE_MISMATCH',
    `${topic}-${partition} ${found}, but the state of ${group} holds its records up to ${witnessed}: they would be processed twice. Set the offset to where the state is (headrace reset ${group} --topic ${topic} --to-offset ${witnessed} --keep-state), or begin anew with both (headrace reset ${group} --to-earliest)`,
    { where: { topic, partition, ...(committed === undefined ? {} : { offset: committed }) } },
  );
}
