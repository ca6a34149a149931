import { expect, test } from 'vitest';
import { offsetOutOfRange } from '../../../../../src/log/kafka/client/corrections/offset-out-of-range.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { consumerGroupOf } from '../consumer-groups.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

const OUT_OF_RANGE = { name: 'KafkaJSOffsetOutOfRange', message: 'out of range', topic: 'payments', partition: 0 };

async function joined(load: LoadModule) {
  const { group, happened } = consumerGroupOf(load);
  await group.joinAndSync();
  const { resolveOffsets } = group.offsetManager as { resolveOffsets(): Promise<void> };
  await resolveOffsets.call(group.offsetManager);
  happened.length = 0;
  return { group, happened };
}

test('the consumer stops with an error that says where, and commits nothing', async () => {
  const old = await joined(stock);
  await old.group.recoverFromFetch(OUT_OF_RANGE);
  expect(old.happened).toEqual([
    {
      what: 'offsetCommit',
      told: expect.objectContaining({ topics: [{ topic: 'payments', partitions: [{ partition: 0, offset: -1 }] }] }),
    },
  ]);

  const { group, happened } = await joined(corrected(offsetOutOfRange));
  expect(await outcomeOf(group.recoverFromFetch(OUT_OF_RANGE))).toMatchObject({
    retriable: false,
    message: expect.stringMatching(/Offset 17 of payments-0 is out of the range.*group ledger/),
  });
  expect(happened).toEqual([]);
});

test("a follower's word is checked with the leader first", async () => {
  const replicas = () => ({ payments: { 0: { nodeId: 2, expireAt: Number.MAX_SAFE_INTEGER } } });
  const old = await joined(stock);
  old.group.preferredReadReplicasPerTopicPartition = replicas();
  await old.group.recoverFromFetch(OUT_OF_RANGE);
  expect(old.happened).toHaveLength(1);

  const { group, happened } = await joined(corrected(offsetOutOfRange));
  group.preferredReadReplicasPerTopicPartition = replicas();
  await group.recoverFromFetch(OUT_OF_RANGE);
  expect(happened).toEqual([]);
  expect(group.preferredReadReplicasPerTopicPartition.payments).toEqual({});
});
