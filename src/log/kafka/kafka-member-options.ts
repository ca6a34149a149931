import type { HeadraceError } from '../../errors.ts';
import type { Membership } from '../log.ts';
import type { TopicPartition } from '../record.ts';
import type { Cluster, ClusterTopic } from './cluster/cluster.ts';
import type { TransactionalProducer } from './producer/transactional-producer.ts';
import type { Decompress } from './protocol/record-set-reader.ts';
import type { MemberState } from './state/member-state.ts';

/** Points at which a process may die within Member.commit; docs/KAFKA.md says what follows. */
export type KafkaCommitStep = 'begin' | 'produce' | 'endSent' | 'end' | 'apply';

export interface KafkaMemberOptions {
  readonly cluster: Cluster;
  readonly membership: Membership;
  /** What it reads, as it was at joining. */
  readonly topics: readonly ClusterTopic[];
  readonly producer: TransactionalProducer;
  readonly state: MemberState;
  readonly decompress: Decompress;
  /** Copies of each partition's state that it wants to be kept beside the owner's. */
  readonly standbyReplicas: number;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
  /** See Subscription.endpoint. */
  readonly endpoint?: (() => string | undefined) | undefined;
  readonly onStep?: (step: KafkaCommitStep) => void;
  readonly nextEpoch: () => number;
  /** See PreparationOptions. */
  readonly endTransactionOf: (member: string) => Promise<void>;
  readonly onFault: (error: HeadraceError) => void;
  readonly onLeft: () => void;
  /** Told the partitions of each commit, those without progress too. */
  readonly onCommitted: (partitions: readonly TopicPartition[]) => void;
  /** Told where committed records stand that not every reader may see at once. */
  readonly onWritten: (partition: TopicPartition, endOffset: number | undefined) => void;
}
