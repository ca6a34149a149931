import { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { HeldState } from './held-state.ts';

export type PartitionsByTopic = Readonly<Record<string, readonly number[]>>;

/** What it says of state; releases before standbys say nothing. */
export interface StateDescription {
  /** What its instance has on disk. */
  readonly state?: HeldState;
  /** Of which partitions it keeps a copy as a standby, by topic. */
  readonly standbys?: PartitionsByTopic;
  /** How many copies of each partition's state it wants to be kept beside the owner's. */
  readonly standbyReplicas?: number;
}

/** What a member says of itself when it joins: the user data of its subscription in the consumer protocol (KIP-62). */
export interface Subscription extends StateDescription {
  /** Its name, which it keeps over restarts. */
  readonly member: string;
  readonly topicSets: readonly (readonly string[])[];
  /** Whether one member is to get everything. */
  readonly isExclusive?: boolean;
  /** See Membership.topologyId. */
  readonly topologyId?: string | undefined;
  /** What it had when it joined, and of which generation that was: the leader leaves it there as far as it can. */
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
  /** Who was in the group then: a leader that is new knows by this who is gone. */
  readonly members: readonly string[];
  /**
   * Grows where the member needs a rebalance: the coordinator starts one when a member's subscription is another, and a member that
   * came back with other topics under its old name would else wait for the next one (KIP-345, KIP-814).
   */
  readonly attempt: number;
  /** Where its process answers questions of its state, for those who know how to ask (StateExchange); undefined where it does not. */
  readonly endpoint?: string | undefined;
}

/** What the leader says to one member: the user data of its assignment. */
export interface AssignmentNotice {
  /** The sets by which the leader counted it in. */
  readonly topicSets: readonly (readonly string[])[];
  /** Everybody in this generation. */
  readonly members: readonly string[];
  /** Who was there before and is not any more: what they have open, nobody will end. */
  readonly gone: readonly string[];
  /** Which generation it is: DescribeGroups does not tell. Undefined in what older releases wrote. */
  readonly generation?: number;
  /** Of which partitions of sources with state it is to keep a copy, by topic. */
  readonly standbys?: PartitionsByTopic;
  /** Why it gets nothing of a set that it asked for, for good. */
  readonly refused?: string;
  /** Topics of which it gets nothing as long as members are there that join them otherwise. */
  readonly waitsFor?: string;
}

const VERSION = 1;

export function encodeSubscription(subscription: Subscription): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...subscription }));
}

/** Throws TOPIC_MISMATCH for what no Headrace wrote: another kind of client has joined a group of ours. */
export function decodeSubscription(userData: Uint8Array | null, group: string): Subscription {
  return decoded<Subscription>(userData, group);
}

export function encodeNotice(notice: AssignmentNotice): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...notice }));
}

export function decodeNotice(userData: Uint8Array | null, group: string): AssignmentNotice {
  return decoded<AssignmentNotice>(userData, group);
}

function decoded<Content>(userData: Uint8Array | null, group: string): Content {
  let content: { readonly version?: unknown } | null = null;
  try {
    content = userData === null ? null : JSON.parse(Buffer.from(userData).toString('utf8'));
  } catch {
    // Told below.
  }
  if (content?.version === VERSION) return content as Content;
  throw new HeadraceError(
    'TOPIC_MISMATCH',
    `Group ${group} has a member that is not of this application, or of another release: an application's name is its group, and only its own instances may join`,
  );
}

/** The sets of a member as one text, equal for equal sets. */
export function setsText(topicSets: readonly (readonly string[])[]): string {
  return topicSets
    .map((topics) => [...topics].sort().join(' '))
    .sort()
    .join('\n');
}

export function placesOf(partitions: PartitionsByTopic): readonly TopicPartition[] {
  return Object.entries(partitions).flatMap(([topic, of]) => of.map((partition) => ({ topic, partition })));
}
