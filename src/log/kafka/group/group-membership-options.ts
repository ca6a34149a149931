import type { Cluster } from '../cluster/cluster.ts';
import type { GroupListener } from './group-listener.ts';
import type { StateDescription } from './subscription.ts';

/** Who the member is to its coordinator: what a commit carries so that a zombie's is refused (KIP-447, KIP-345). */
export interface GroupIdentity {
  readonly memberId: string;
  readonly generation: number;
  readonly instanceId: string;
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
  /** What it says of its state when it joins. */
  readonly describeState: () => Promise<StateDescription>;
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
