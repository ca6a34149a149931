import { type Correction, patch } from '../correction.ts';

/**
 * Defect: grouping messages by partition copies the group for each message: quadratic, 17 s for 50,000 messages
 * (src/producer/groupMessagesPerPartition.js, 6-10; pull request 1576, not released).
 *
 * Correction: each is added to its group.
 */
export const messageGrouping: Correction = {
  name: 'message-grouping',
  summary: 'grouping messages by partition takes linear time',
  patches: { 'src/producer/groupMessagesPerPartition.js': patch<unknown>(() => grouped) },
};

interface Grouping<Message> {
  readonly topic: string;
  readonly partitionMetadata: readonly unknown[];
  readonly messages: readonly Message[];
  readonly partitioner: (choice: { topic: string; partitionMetadata: readonly unknown[]; message: Message }) => number;
}

function grouped<Message>({ topic, partitionMetadata, messages, partitioner }: Grouping<Message>) {
  const groups: Record<number, Message[]> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    const group = groups[partition];
    if (group === undefined) groups[partition] = [message];
    else group.push(message);
  }
  return groups;
}
