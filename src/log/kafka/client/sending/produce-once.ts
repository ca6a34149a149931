import type { OutgoingBatch } from './outgoing-batch.ts';
import type { ProduceBroker, SendCall, SenderOptions, SenderParts, TopicData } from './sender-options.ts';

/** A batch that is not answered for, why, and the broker's code where it gave one. */
export interface Failure {
  readonly batch: OutgoingBatch;
  readonly error: unknown;
  readonly code?: number;
}

const NONE = 0;

/**
 * Sends batches of different partitions to their leaders, all at once, and waits for all answers: those that are answered for get
 * their answer, the others are told of. A batch has its sequence number before it leaves.
 */
export async function produceOnce(
  batches: readonly OutgoingBatch[],
  call: SendCall,
  options: SenderOptions,
  parts: SenderParts,
): Promise<{ readonly failures: readonly Failure[] }> {
  const { eosManager, cluster } = options;
  if (eosManager.isTransactional()) await eosManager.addPartitionsToTransaction(topicsOf(batches));
  const byLeader = new Map<string, OutgoingBatch[]>();
  for (const batch of batches) {
    const leaders = cluster.findLeaderForPartitions(batch.topic, [batch.partition]);
    const [leader] = Object.keys(leaders);
    if (leader === undefined) throw parts.metadataNotLoaded(`No leader of ${batch.topic}-${batch.partition} is known`);
    const group = byLeader.get(leader);
    if (group === undefined) byLeader.set(leader, [batch]);
    else group.push(batch);
  }
  const failures = await Promise.all(
    [...byLeader].map(([nodeId, group]) => produce(nodeId, group, call, options, parts)),
  );
  return { failures: failures.flat() };
}

async function produce(
  nodeId: string,
  batches: readonly OutgoingBatch[],
  { acks, timeout, compression }: SendCall,
  { cluster, eosManager }: SenderOptions,
  parts: SenderParts,
): Promise<readonly Failure[]> {
  let answer: Awaited<ReturnType<ProduceBroker['produce']>>;
  try {
    const broker = await cluster.findBroker({ nodeId });
    for (const batch of batches) number(batch, eosManager);
    answer = await broker.produce({
      transactionalId: eosManager.isTransactional() ? eosManager.getTransactionalId() : undefined,
      producerId: eosManager.getProducerId(),
      producerEpoch: eosManager.getProducerEpoch(),
      acks,
      timeout,
      compression,
      topicData: topicsOf(batches),
    });
  } catch (error) {
    return batches.map((batch) => ({ batch, error }));
  }
  return batches.flatMap((batch) => {
    const { topic, partition } = batch;
    if (acks === 0) {
      batch.answer = { topicName: topic, partition, errorCode: NONE };
      return [];
    }
    const found = answer?.topics
      .find(({ topicName }) => topicName === topic)
      ?.partitions.find((each) => each.partition === partition);
    if (found === undefined) {
      return [{ batch, error: parts.retriableError(`The broker's answer says nothing of ${topic}-${partition}`) }];
    }
    if (found.errorCode !== NONE)
      return [{ batch, error: parts.errorFromCode(found.errorCode), code: found.errorCode }];
    batch.answer = { topicName: topic, ...found };
    return [];
  });
}

function number(batch: OutgoingBatch, eosManager: SenderOptions['eosManager']): void {
  if (batch.sequence !== undefined) return;
  batch.sequence = eosManager.getSequence(batch.topic, batch.partition);
  eosManager.updateSequence(batch.topic, batch.partition, batch.messages.length);
}

function topicsOf(batches: readonly OutgoingBatch[]): readonly TopicData[] {
  const topics = new Map<string, TopicData['partitions'][number][]>();
  for (const { topic, partition, messages, sequence = 0 } of batches) {
    const data = { partition, messages, firstSequence: sequence };
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [data]);
    else partitions.push(data);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
