import { HeadraceError } from '../errors.ts';
import type { TopicConfig } from './log.ts';

/** Kafka's limit (org.apache.kafka.common.internals.Topic), because a name is also a file name there. */
export const TOPIC_NAME_LENGTH_MAX = 249;
export const PARTITIONS_MAX = 65_536;

const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/;

/** Throws TOPIC_INVALID for a name that Kafka would refuse, or a number that makes no sense. */
export function checkTopicConfig(topic: TopicConfig): void {
  const { name, partitions, cleanup, retentionMs, retentionBytes } = topic;
  checkTopicName(name);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw invalid(name, `partitions must be a whole number from 1 to ${PARTITIONS_MAX}, not ${partitions}`);
  }
  if (cleanup !== 'delete' && cleanup !== 'compact') {
    throw invalid(name, `cleanup must be "delete" or "compact", not ${JSON.stringify(cleanup)}`);
  }
  if (!isLimit(retentionMs)) throw invalid(name, `retentionMs must be -1 or a whole number from 0, not ${retentionMs}`);
  if (!isLimit(retentionBytes)) {
    throw invalid(name, `retentionBytes must be -1 or a whole number from 0, not ${retentionBytes}`);
  }
}

function checkTopicName(name: string): void {
  if (typeof name !== 'string' || name === '') throw invalid('', 'a topic needs a name');
  if (name === '.' || name === '..') throw invalid(name, 'this name is reserved');
  if (name.length > TOPIC_NAME_LENGTH_MAX) {
    throw invalid(
      `${name.slice(0, 20)}...`,
      `a name has at most ${TOPIC_NAME_LENGTH_MAX} characters, not ${name.length}`,
    );
  }
  if (!LEGAL_NAME.test(name)) throw invalid(name, 'a name has only letters, digits, ".", "_" and "-"');
}

/** Throws TOPIC_MISMATCH where an existing topic is not what is asked for. Its retention stays as it is. */
export function checkSameTopic(existing: TopicConfig, asked: TopicConfig): void {
  if (existing.partitions === asked.partitions && existing.cleanup === asked.cleanup) return;
  throw new HeadraceError(
    'TOPIC_MISMATCH',
    `Topic ${asked.name} exists with ${existing.partitions} partitions and cleanup "${existing.cleanup}", not ${asked.partitions} and "${asked.cleanup}"`,
    { where: { topic: asked.name } },
  );
}

function isLimit(value: number): boolean {
  return value === -1 || (Number.isSafeInteger(value) && value >= 0);
}

function invalid(topic: string, reason: string): HeadraceError {
  return new HeadraceError('TOPIC_INVALID', `Topic ${JSON.stringify(topic)} is refused: ${reason}`, {
    where: { topic },
  });
}
