import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../../src/log/kafka/cluster/broker-connection.ts';
import { addOffsetsToTxn } from '../../../../src/log/kafka/protocol/requests/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../../../../src/log/kafka/protocol/requests/add-partitions-to-txn.ts';
import { deleteRecords } from '../../../../src/log/kafka/protocol/requests/delete-records.ts';
import { endTxn } from '../../../../src/log/kafka/protocol/requests/end-txn.ts';
import { fetch } from '../../../../src/log/kafka/protocol/requests/fetch.ts';
import { findCoordinator } from '../../../../src/log/kafka/protocol/requests/find-coordinator.ts';
import { heartbeat } from '../../../../src/log/kafka/protocol/requests/heartbeat.ts';
import { incrementalAlterConfigs } from '../../../../src/log/kafka/protocol/requests/incremental-alter-configs.ts';
import { joinGroup } from '../../../../src/log/kafka/protocol/requests/join-group.ts';
import { leaveGroup } from '../../../../src/log/kafka/protocol/requests/leave-group.ts';
import { syncGroup } from '../../../../src/log/kafka/protocol/requests/sync-group.ts';

interface Encodable {
  readonly apiKey: number;
  readonly apiVersion: number;
  encode(): Promise<{ readonly buffer: Buffer }>;
}

const require = createRequire(import.meta.url);
const member = { memberId: 'm-1', groupInstanceId: 'i-1', groupId: 'bank' };
const ours = { memberId: 'm-1', instanceId: 'i-1', group: 'bank', generation: 9 };
const producer = { transactionalId: 'bank-1', producerId: 2n ** 52n + 1n, epoch: 3 };
const theirProducer = { transactionalId: 'bank-1', producerId: '4503599627370497', producerEpoch: 3 };
const metadata = Buffer.from('metadata');
const partitions = [
  { topic: 'a', partition: 0 },
  { topic: 'ü', partition: 7 },
  { topic: 'a', partition: 2 },
];
const topics = [
  { topic: 'a', partitions: [0, 2] },
  { topic: 'ü', partitions: [7] },
];

const cases: readonly (readonly [path: string, theirs: object, message: Message<unknown>])[] = [
  [
    'joinGroup/v5',
    {
      ...member,
      sessionTimeout: 10_000,
      rebalanceTimeout: 60_000,
      protocolType: 'consumer',
      groupProtocols: [{ name: 'headrace', metadata }],
    },
    joinGroup({
      ...ours,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'headrace', metadata }],
    }),
  ],
  [
    'syncGroup/v3',
    { ...member, generationId: 9, groupAssignment: [{ memberId: 'm-1', memberAssignment: metadata }] },
    syncGroup({ ...ours, assignments: [{ memberId: 'm-1', assignment: metadata }] }),
  ],
  ['heartbeat/v3', { ...member, groupGenerationId: 9 }, heartbeat(ours)],
  [
    'leaveGroup/v3',
    { groupId: 'bank', members: [{ memberId: 'm-1', groupInstanceId: null }] },
    leaveGroup({ group: 'bank', members: [{ memberId: 'm-1', instanceId: null }] }),
  ],
  ['addPartitionsToTxn/v1', { ...theirProducer, topics }, addPartitionsToTxn({ ...producer, partitions })],
  ['addOffsetsToTxn/v1', { ...theirProducer, groupId: 'bank' }, addOffsetsToTxn({ ...producer, group: 'bank' })],
  ['endTxn/v1', { ...theirProducer, transactionResult: true }, endTxn({ ...producer, committed: true })],
  ['findCoordinator/v2', { coordinatorKey: 'bank', coordinatorType: 1 }, findCoordinator({ key: 'bank', keyType: 1 })],
  [
    'deleteRecords/v1',
    {
      topics: [
        {
          topic: 'a',
          partitions: [
            { partition: 0, offset: 5_000_000_000 },
            { partition: 2, offset: 7 },
          ],
        },
        { topic: 'ü', partitions: [{ partition: 7, offset: 1 }] },
      ],
      timeout: 5_000,
    },
    deleteRecords({
      partitions: [
        { topic: 'a', partition: 0, offset: 5_000_000_000 },
        { topic: 'ü', partition: 7, offset: 1 },
        { topic: 'a', partition: 2, offset: 7 },
      ],
      timeoutMs: 5_000,
    }),
  ],
];

describe('requests', () => {
  it.each(cases)('%s is the bytes that kafkajs writes', async (path, options, { request }) => {
    const theirs: Encodable = require(`kafkajs/src/protocol/requests/${path}/request.js`)(options);
    const encodable = request as Encodable;
    expect(encodable).toMatchObject({ apiKey: theirs.apiKey, apiVersion: theirs.apiVersion });
    const [{ buffer }, expected] = [await encodable.encode(), await theirs.encode()];
    expect(buffer.toString('hex')).toBe(expected.buffer.toString('hex'));
  });

  it('Fetch v13 names topics by their ids, as the definition in Apache Kafka has it', async () => {
    const { request } = fetch({
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 1_000,
      isolation: 'read_committed',
      partitions: [
        { topic: 't', topicId: 'AAECAwQFBgcICQoLDA0ODw', partition: 3, fetchOffset: 5_000_000_000, maxBytes: 10 },
      ],
    });
    const { buffer } = await (request as Encodable).encode();
    const fields = [
      '00', // tags of the header
      'ffffffff 00000064 00000001 000003e8 01', // replica, wait, least and most bytes, isolation
      '00000000 ffffffff', // session and its epoch
      '02 000102030405060708090a0b0c0d0e0f', // one topic
      '02 00000003 ffffffff 000000012a05f200 ffffffff ffffffffffffffff 0000000a 00', // one partition
      '00 01 01 00', // tags, nothing forgotten, no rack, tags
    ];
    expect(buffer.toString('hex')).toBe(fields.join('').replaceAll(' ', ''));
  });

  it('IncrementalAlterConfigs v0 sets what is named, as the definition in Apache Kafka has it', async () => {
    const { request } = incrementalAlterConfigs({ topics: ['t'], config: { 'retention.ms': '-1' } });
    const { buffer } = await (request as Encodable).encode();
    const fields = [
      '00000001 02 0001 74', // one resource: the topic t
      '00000001 000c 726574656e74696f6e2e6d73 00 0002 2d31', // one key, set
      '00', // not only checked
    ];
    expect(buffer.toString('hex')).toBe(fields.join('').replaceAll(' ', ''));
  });

  it('can be encoded by kafkajs as it is, behind its own header', async () => {
    const createRequest = require('kafkajs/src/protocol/request.js');
    const { buffer } = await createRequest({ request: heartbeat(ours).request, correlationId: 5, clientId: 'c' });
    expect(buffer.readInt32BE(0)).toBe(buffer.length - 4);
    expect(buffer.subarray(15).toString('hex')).toBe('000462616e6b0000000900036d2d310003692d31');
  });
});
