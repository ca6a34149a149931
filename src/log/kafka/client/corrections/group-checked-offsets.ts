import { type Correction, patch } from '../correction.ts';
import { type TxnOffsetCommit, txnOffsetCommit } from '../transactions/txn-offset-commit.ts';

/**
 * Defect: offsets in a transaction are committed with TxnOffsetCommit v1, which does not say who commits. A member that the group has
 * given up (a stopped process that wakes, a slow one) commits offsets of partitions that others work on by then, and
 * records are processed twice (src/protocol/requests/txnOffsetCommit/index.js; KIP-447).
 *
 * Correction: TxnOffsetCommit v3. `sendOffsets({ consumerGroupId, topics, generationId, memberId, groupInstanceId })` is refused with
 * ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID where the group has gone on without the member. Without a generation it
 * works as before, unchecked.
 */
export const groupCheckedOffsets: Correction = {
  name: 'group-checked-offsets',
  summary: 'offsets in a transaction carry member and generation, so that zombies are refused (KIP-447)',
  patches: {
    'src/protocol/requests/txnOffsetCommit/index.js': patch<RequestDefinition>((definition, load) => {
      const { createErrorFromCode } = load('src/protocol/error') as ErrorModule;
      return {
        versions: [...definition.versions, '3'],
        protocol: ({ version }: { version: number }) =>
          version === 3
            ? (wanted: TxnOffsetCommit) => txnOffsetCommit(wanted, createErrorFromCode)
            : definition.protocol({ version }),
      };
    }),
    'src/producer/eosManager/index.js': patch<CreateManager>(
      (create) => (options: Options) => withMembers(create, options),
    ),
  },
  edits: {
    'src/broker/index.js': [
      {
        from: 'async txnOffsetCommit({ transactionalId, groupId, producerId, producerEpoch, topics }) {',
        to: 'async txnOffsetCommit({ transactionalId, groupId, producerId, producerEpoch, topics, ...member }) {',
      },
      {
        from: '      txnOffsetCommit({ transactionalId, groupId, producerId, producerEpoch, topics })',
        to: '      txnOffsetCommit({ transactionalId, groupId, producerId, producerEpoch, topics, ...member })',
      },
    ],
    'src/producer/index.js': [
      {
        from: 'sendOffsets: transactionGuard(async ({ consumerGroupId, topics }) => {',
        to: 'sendOffsets: transactionGuard(async ({ consumerGroupId, topics, ...member }) => {',
      },
      {
        from: 'transactionalEosManager.sendOffsets({ consumerGroupId, topics })',
        to: 'transactionalEosManager.sendOffsets({ consumerGroupId, topics, ...member })',
      },
    ],
  },
};

function withMembers(create: (options: Options) => Manager, options: Options): Manager {
  const { cluster } = options;
  // kafkajs hands on nothing but the topics; they are what the member is found again by.
  const members = new WeakMap<object, object>();
  const findGroupCoordinator = async (what: unknown): Promise<Coordinator> => {
    const coordinator = await cluster.findGroupCoordinator(what);
    return Object.assign(Object.create(coordinator), {
      txnOffsetCommit: (payload: { topics: object }) =>
        coordinator.txnOffsetCommit({ ...payload, ...members.get(payload.topics) }),
    });
  };
  const manager = create({ ...options, cluster: Object.assign(Object.create(cluster), { findGroupCoordinator }) });
  const { sendOffsets } = manager;
  return Object.assign(manager, {
    sendOffsets: ({ consumerGroupId, topics, ...member }: Offsets) => {
      members.set(topics, member);
      return sendOffsets({ consumerGroupId, topics });
    },
  });
}

interface Offsets {
  readonly consumerGroupId: string;
  readonly topics: object;
}

interface Coordinator {
  txnOffsetCommit(payload: object): Promise<unknown>;
}

interface Options {
  readonly cluster: { findGroupCoordinator(what: unknown): Promise<Coordinator> };
}

interface Manager {
  sendOffsets(offsets: Offsets): Promise<void>;
}

type CreateManager = (options: Options) => Manager;

interface RequestDefinition {
  readonly versions: readonly string[];
  readonly protocol: (options: { version: number }) => unknown;
}

interface ErrorModule {
  readonly createErrorFromCode: (code: number) => Error;
}
