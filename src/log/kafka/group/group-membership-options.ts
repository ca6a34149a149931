import type { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';

/** Who the member is to its coordinator: what a commit carries so that a zombie's is refused (KIP-447, KIP-345). */
export interface GroupIdentity {
  readonly memberId: string;
  readonly generation: number;
  readonly instanceId: string;
}

export interface GroupListener {
  /**
   * The partitions of a new generation. `isContinuous` where nobody else can have had those that were there before: the member has
   * seen every generation since. `gone` are the members of before that are not there any more.
   */
  assigned(partitions: readonly TopicPartition[], isContinuous: boolean, gone: readonly string[]): void;
  /** For good: the error that ends the member. */
  failed(error: HeadraceError): void;
  /** Something that passes, for the log. */
  faulted(error: HeadraceError): void;
}

export interface GroupMembershipOptions {
  readonly cluster: Cluster;
  readonly group: string;
  readonly member: string;
  readonly topicSets: readonly (readonly string[])[];
  readonly isExclusive?: boolean;
  readonly topologyId?: string | undefined;
  /** See Subscription.endpoint; asked for at each join. */
  readonly endpoint?: (() => string | undefined) | undefined;
  readonly listener: GroupListener;
  /** The coordinator takes a member that is silent for so long for dead (10,000). */
  readonly sessionTimeoutMs?: number;
  /** Between heartbeats (1,000): so long the others may wait for this member in a rebalance. */
  readonly heartbeatIntervalMs?: number;
}

export const SESSION_TIMEOUT_MS = 10_000;
export const HEARTBEAT_INTERVAL_MS = 1_000;
/** How long the coordinator waits for all members in a rebalance. */
export const REBALANCE_TIMEOUT_MS = 60_000;
/** A join is answered when all members are there; beyond the rebalance timeout the coordinator is gone. */
export const JOIN_TIMEOUT_MS = REBALANCE_TIMEOUT_MS + 10_000;
export const RETRY_MIN_MS = 20;
export const RETRY_MAX_MS = 1_000;
export const PROTOCOL_TYPE = 'consumer';
export const PROTOCOL_NAME = 'headrace';
