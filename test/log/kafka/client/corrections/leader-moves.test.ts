import { expect, test } from 'vitest';
import { leaderMoves } from '../../../../../src/log/kafka/client/corrections/leader-moves.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { consumerGroupOf } from '../consumer-groups.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

/** What the consumer does when a fetch is refused because the partition's leader has moved. */
async function doneAfter(load: LoadModule, error: object): Promise<readonly string[]> {
  const { group, happened } = consumerGroupOf(load);
  await group.joinAndSync();
  happened.length = 0;
  await group.recoverFromFetch(error);
  return happened.map(({ what }) => what);
}

test.each(['NOT_LEADER_FOR_PARTITION', 'FENCED_LEADER_EPOCH', 'UNKNOWN_TOPIC_OR_PARTITION'])(
  '%s: metadata anew, and no rebalance of the group',
  async (type) => {
    const error = { name: 'KafkaJSProtocolError', message: type, type };
    expect(await doneAfter(stock, error)).toContain('joinGroup');
    expect(await doneAfter(corrected(leaderMoves), error)).toEqual(['refreshMetadata']);
  },
);

test('other errors go the way they went', async () => {
  const { group } = consumerGroupOf(corrected(leaderMoves));
  await group.joinAndSync();
  const error = Object.assign(new RangeError('other'), { type: 'ILLEGAL_GENERATION' });
  expect(await outcomeOf(group.recoverFromFetch(error))).toBe(error);
});

test('more partitions: the member joins anew when its handlers are done, not in the midst of a fetch', async () => {
  const error = { name: 'KafkaJSStaleTopicMetadataAssignment', message: 'Topic has been updated' };
  expect(await doneAfter(stock, error)).toContain('joinGroup');
  // What the runner takes for the sign to stop all fetchers, then to join.
  expect(await outcomeOf(doneAfter(corrected(leaderMoves), error))).toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
});
