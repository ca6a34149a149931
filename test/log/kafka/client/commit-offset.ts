import type { CorrectedKafka } from '../../../../src/log/kafka/client/index.ts';

/** Commits a group's offset of partition 0 by a transaction of offsets alone: an administrator's way joins the group and waits for seconds. */
export async function commitOffset(
  kafka: CorrectedKafka,
  consumerGroupId: string,
  topic: string,
  offset: number,
): Promise<void> {
  const producer = kafka.producer({ transactionalId: consumerGroupId });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.sendOffsets({
    consumerGroupId,
    topics: [{ topic, partitions: [{ partition: 0, offset: String(offset) }] }],
  });
  await transaction.commit();
  await producer.disconnect();
}
