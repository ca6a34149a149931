import { expect, test } from 'vitest';
import { groupCheckedOffsets } from '../../../../../src/log/kafka/client/corrections/group-checked-offsets.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { brokerAnswering } from '../broker-requests.ts';
import { corrected, outcomeOf, quietLogger, stock } from '../libraries.ts';
import { int16, int32, int64, string } from '../prepared-broker.ts';

interface Broker {
  txnOffsetCommit(payload: object): Promise<unknown>;
}
interface Manager {
  initProducerId(): Promise<void>;
  beginTransaction(): void;
  sendOffsets(offsets: object): Promise<void>;
}

const TOPICS = [{ topic: 'payments', partitions: [{ partition: 3, offset: '17', metadata: 'm' }] }];
const PAYLOAD = { transactionalId: 'txn', groupId: 'ledger', producerId: '9', producerEpoch: 2, topics: TOPICS };
const MEMBER = { generationId: 7, memberId: 'member', groupInstanceId: 'desk' };
const TAGS = Buffer.from([0]);

const answer = (errorCode: number) =>
  Buffer.concat([
    ...[TAGS, int32(0), Buffer.from([2]), Buffer.from([9]), Buffer.from('payments'), Buffer.from([2])],
    ...[int32(3), int16(errorCode), TAGS, TAGS, TAGS],
  ]);

const compact = (text: string) => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)]);

test('commits in version 3 with generation, member and instance', async () => {
  const old = brokerAnswering<Broker>(stock, [
    Buffer.concat([int32(0), int32(1), string('payments'), int32(1), int32(3), int16(0)]),
  ]);
  await old.broker.txnOffsetCommit({ ...PAYLOAD, ...MEMBER });
  expect(old.sent).toMatchObject([{ apiKey: 28, apiVersion: 1 }]);
  expect(old.sent[0]?.body.includes('member')).toBe(false);

  const { broker, sent } = brokerAnswering<Broker>(corrected(groupCheckedOffsets), [answer(0)]);
  await broker.txnOffsetCommit({ ...PAYLOAD, ...MEMBER });
  expect(sent).toMatchObject([{ apiKey: 28, apiVersion: 3 }]);
  const expected = Buffer.concat([
    ...[TAGS, compact('txn'), compact('ledger'), int64(9), int16(2)],
    ...[int32(7), compact('member'), compact('desk')],
    ...[Buffer.from([2]), compact('payments'), Buffer.from([2])],
    ...[int32(3), int64(17), int32(-1), compact('m'), TAGS, TAGS, TAGS],
  ]);
  expect(sent[0]?.body).toEqual(expected);
});

test('without a member it is unchecked, as before', async () => {
  const { broker, sent } = brokerAnswering<Broker>(corrected(groupCheckedOffsets), [answer(0)]);
  await broker.txnOffsetCommit(PAYLOAD);
  const UNCHECKED = Buffer.concat([int32(-1), compact(''), Buffer.from([0])]);
  expect(sent[0]?.body.includes(UNCHECKED)).toBe(true);
});

test.each([
  [22, 'ILLEGAL_GENERATION'],
  [25, 'UNKNOWN_MEMBER_ID'],
])('a member that the group has gone on without is refused: %i', async (code, type) => {
  const { broker } = brokerAnswering<Broker>(corrected(groupCheckedOffsets), [answer(code)]);
  expect(await outcomeOf(broker.txnOffsetCommit({ ...PAYLOAD, ...MEMBER }))).toMatchObject({ type });
});

/** What the coordinator is asked for when a transaction sends offsets. */
async function asked(load: LoadModule): Promise<unknown> {
  let payload: unknown;
  const coordinator = {
    initProducerId: async () => ({ producerId: '9', producerEpoch: 2 }),
    addOffsetsToTxn: async () => ({}),
    txnOffsetCommit: async (told: unknown) => {
      payload = told;
    },
  };
  const create = load('src/producer/eosManager') as (options: object) => Manager;
  const manager = create({
    logger: quietLogger(load),
    cluster: { findGroupCoordinator: async () => coordinator, refreshMetadataIfNecessary: async () => {} },
    transactional: true,
    transactionalId: 'txn',
  });
  await manager.initProducerId();
  manager.beginTransaction();
  await manager.sendOffsets({ consumerGroupId: 'ledger', topics: TOPICS, ...MEMBER });
  return payload;
}

test('a transaction hands the member on', async () => {
  expect(await asked(stock)).not.toHaveProperty('generationId');
  expect(await asked(corrected(groupCheckedOffsets))).toEqual({ ...PAYLOAD, ...MEMBER });
});
