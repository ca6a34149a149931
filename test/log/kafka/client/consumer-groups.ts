import type { LoadModule } from '../../../../src/log/kafka/client/kafkajs-package.ts';
import { quietLogger } from './libraries.ts';

/** kafkajs's ConsumerGroup, as far as tests look into it. */
export interface ConsumerGroup {
  offsetManager: unknown;
  preferredReadReplicasPerTopicPartition: Record<string, Record<number, { nodeId: number; expireAt: number }>>;
  joinAndSync(): Promise<void>;
  recoverFromFetch(error: object): Promise<void>;
}

export interface Happened {
  readonly what: string;
  readonly told: unknown;
}

/**
 * A member of a group in generation 7 that owns payments-0, at offset 17. The cluster around it answers from memory and keeps
 * what it was asked for and what was emitted.
 */
export function consumerGroupOf(load: LoadModule): { readonly group: ConsumerGroup; readonly happened: Happened[] } {
  const happened: Happened[] = [];
  const note = (what: string) => async (told?: unknown) => {
    happened.push({ what, told });
  };
  const { MemberAssignment } = load('src/consumer/assignerProtocol') as {
    MemberAssignment: { encode(assignment: object): Buffer };
  };
  const coordinator = {
    isConnected: () => true,
    offsetCommit: note('offsetCommit'),
    offsetFetch: async () => ({ responses: [{ topic: 'payments', partitions: [{ partition: 0, offset: '17' }] }] }),
    joinGroup: async () => {
      happened.push({ what: 'joinGroup', told: undefined });
      return { generationId: 7, leaderId: 'leader', memberId: 'member', members: [], groupProtocol: 'none' };
    },
    syncGroup: async () => ({
      memberAssignment: MemberAssignment.encode({ version: 1, assignment: { payments: [0] } }),
    }),
  };
  const committed = {};
  const cluster = {
    findGroupCoordinator: async () => coordinator,
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
    committedOffsets: () => committed,
    defaultOffset: () => -1,
    refreshMetadata: note('refreshMetadata'),
  };
  const ConsumerGroup = load('src/consumer/consumerGroup') as new (options: object) => ConsumerGroup;
  const group = new ConsumerGroup({
    cluster,
    groupId: 'ledger',
    topics: ['payments'],
    topicConfigurations: { payments: { fromBeginning: false } },
    logger: quietLogger(load),
    instrumentationEmitter: { emit: (what: string, told: unknown) => happened.push({ what, told }) },
    assigners: [{ name: 'none', protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }) }],
    retry: { retries: 0 },
    autoCommit: true,
  });
  return { group, happened };
}
