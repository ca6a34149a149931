import { expect, test } from 'vitest';
import { stableOffsets } from '../../../../../src/log/kafka/client/corrections/stable-offsets.ts';
import { brokerAnswering } from '../broker-requests.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { int16, int32, int64, string } from '../prepared-broker.ts';

interface Broker {
  offsetFetch(wanted: object): Promise<unknown>;
}

const WANTED = { groupId: 'ledger', topics: [{ topic: 'payments', partitions: [{ partition: 3 }] }] };
const TAGS = Buffer.from([0]);
const UNSTABLE = 88;

/** OffsetFetch response v7: a header with tags, throttle time, topics, the group's error; lengths are one more, in a byte. */
function answer(offset: number, partitionError: number, groupError = 0): Buffer {
  return Buffer.concat([
    ...[TAGS, int32(0), Buffer.from([2]), Buffer.from([9]), Buffer.from('payments'), Buffer.from([2])],
    ...[int32(3), int64(offset), int32(-1), Buffer.from([1]), int16(partitionError), TAGS],
    ...[TAGS, int16(groupError), TAGS],
  ]);
}

test('asks in version 7 for stable offsets, where stock asks in version 4', async () => {
  const old = brokerAnswering<Broker>(stock, [
    Buffer.concat([
      int32(0),
      int32(1),
      string('payments'),
      int32(1),
      int32(3),
      int64(17),
      string(''),
      int16(0),
      int16(0),
    ]),
  ]);
  await old.broker.offsetFetch(WANTED);
  expect(old.sent).toMatchObject([{ apiKey: 9, apiVersion: 4 }]);

  const { broker, sent } = brokerAnswering<Broker>(corrected(stableOffsets), [answer(17, 0)]);
  const responses = [{ topic: 'payments', partitions: [{ partition: 3, offset: '17', metadata: '', errorCode: 0 }] }];
  expect(await broker.offsetFetch(WANTED)).toMatchObject({ responses });
  expect(sent).toMatchObject([{ apiKey: 9, apiVersion: 7 }]);
  const REQUIRE_STABLE_AND_TAGS = Buffer.from([1, 0]);
  expect(sent[0]?.body.subarray(-2)).toEqual(REQUIRE_STABLE_AND_TAGS);
});

test('asks again while a transaction with offsets of the partition is under way', async () => {
  const { broker, sent } = brokerAnswering<Broker>(corrected(stableOffsets), [
    answer(-1, UNSTABLE),
    answer(-1, UNSTABLE),
    answer(21, 0),
  ]);
  expect(await broker.offsetFetch(WANTED)).toMatchObject({ responses: [{ partitions: [{ offset: '21' }] }] });
  expect(sent).toHaveLength(3);
});

test('other errors, of a partition or of the group, are thrown at once', async () => {
  for (const bytes of [answer(-1, 29), answer(-1, 0, 30)]) {
    const { broker, sent } = brokerAnswering<Broker>(corrected(stableOffsets), [bytes]);
    expect(await outcomeOf(broker.offsetFetch(WANTED))).toMatchObject({
      type: expect.stringContaining('AUTHORIZATION'),
    });
    expect(sent).toHaveLength(1);
  }
});
