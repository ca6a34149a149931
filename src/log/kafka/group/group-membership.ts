import { HeadraceError } from '../../../errors.ts';
import { Signal } from '../../membership/signal.ts';
import type { TopicPartition } from '../../record.ts';
import type { Lane } from '../cluster/lanes.ts';
import { isUnavailable, ownError, pause, unavailable } from '../cluster/retries.ts';
import { decodeConsumerAssignment, encodeConsumerSubscription } from '../protocol/consumer-protocol.ts';
import { errorCodes, errorName } from '../protocol/errors.ts';
import { heartbeat } from '../protocol/requests/heartbeat.ts';
import { joinGroup } from '../protocol/requests/join-group.ts';
import { leaveGroup } from '../protocol/requests/leave-group.ts';
import { syncGroup } from '../protocol/requests/sync-group.ts';
import { isForSets } from './group-assignor.ts';
import {
  type GroupIdentity,
  type GroupMembershipOptions,
  HEARTBEAT_INTERVAL_MS,
  JOIN_TIMEOUT_MS,
  PROTOCOL_NAME,
  PROTOCOL_TYPE,
  REBALANCE_TIMEOUT_MS,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
  SESSION_TIMEOUT_MS,
} from './group-membership-options.ts';
import { refusedByGroup, waits } from './group-refusals.ts';
import { leaderAssignments } from './leader.ts';
import { decodeNotice, encodeSubscription, placesOf, type StateDescription } from './subscription.ts';

/**
 * A static member (KIP-345) of a group of the classic protocol. It joins, beats and joins anew in the background; the work goes on
 * under the generation that it has until the next one begins.
 */
export class GroupMembership {
  readonly #options: GroupMembershipOptions;
  readonly #lane: Lane;
  readonly #changed = new Signal();
  readonly #woken = new Signal();
  #memberId = '';
  /**
   * The broker that gave the member id; undefined once it, or the way to it, was lost. Another coordinator may not know of that id: a join is written
   * down with its generation only.
   */
  #idFrom: number | undefined;
  #generation = -1;
  /** The last generation whose assignment this member saw. */
  #seen = -1;
  #owned: readonly TopicPartition[] = [];
  #members: readonly string[] = [];
  #attempt = 0;
  /** As it was said with the first try of a join: another text in the next one would begin another rebalance. */
  #description: StateDescription | undefined;
  #state: 'joining' | 'stable' | 'left' | 'failed' = 'joining';
  #isRunning = false;

  constructor(options: GroupMembershipOptions) {
    this.#options = options;
    this.#lane = `group ${options.group} ${options.member}`;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Undefined between the answers to a join and to its sync: nothing may be committed then. */
  get identity(): GroupIdentity | undefined {
    if (this.#state !== 'stable') return undefined;
    return { memberId: this.#memberId, generation: this.#generation, instanceId: this.#options.member };
  }

  /** The same as soon as the member knows what it owns; throws what `requireWanted` throws, and KAFKA_UNAVAILABLE when the time is over. */
  async identified(until: number, requireWanted: () => void): Promise<GroupIdentity> {
    const { timing } = this.#options.cluster;
    for (;;) {
      requireWanted();
      if (this.identity !== undefined) return this.identity;
      const leftMs = until - timing.clock();
      if (leftMs <= 0) throw unavailable('The group was being rebalanced');
      await pause(timing, leftMs, [this.#changed]);
    }
  }

  /** The coordinator does not know the member under this identity any more: it joins anew, unless it has one already. */
  doubt(identity: GroupIdentity): void {
    if (this.#state !== 'stable' || identity.generation !== this.#generation || identity.memberId !== this.#memberId)
      return;
    this.#become('joining');
    this.#woken.notify();
  }

  /** Leaves at once, so that nobody waits for the session's end. */
  async leave(): Promise<void> {
    if (this.#state === 'left') return;
    const wasIn = this.#memberId !== '' && this.#state !== 'failed';
    this.#become('left');
    this.#woken.notify();
    if (!wasIn) return;
    const { cluster, group, member } = this.#options;
    try {
      const node = await cluster.coordinator('group', group);
      await cluster.send(
        node,
        'main',
        leaveGroup({ group, members: [{ memberId: this.#memberId, instanceId: member }] }),
      );
    } catch (error) {
      // The session's end says the same, only later.
      if (!(error instanceof HeadraceError)) throw error;
    }
  }

  /** Stops without leaving: the session goes on until its end, or until the name joins again. */
  end(): void {
    if (this.#state !== 'failed') this.#become('left');
    this.#woken.notify();
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MIN_MS;
    while (this.#state === 'joining' || this.#state === 'stable') {
      try {
        if (this.#state === 'joining') await this.#join();
        else await this.#beat();
        retryMs = RETRY_MIN_MS;
      } catch (error) {
        if (!isUnavailable(error)) return this.#fail(error);
        if (this.#isOut()) return;
        this.#options.listener.faulted(error);
        this.#idFrom = undefined;
        this.#options.cluster.forgetCoordinator('group', this.#options.group);
        await pause(this.#options.cluster.timing, retryMs, [this.#woken]);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  /** One round of join and sync. Leaves the state `joining` where another round is needed. */
  async #join(): Promise<void> {
    const { cluster, group, member, topicSets, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    const { isExclusive = false, topologyId, endpoint, listener } = this.#options;
    this.#description ??= await this.#options.describeState();
    const node = await cluster.coordinator('group', group);
    const userData = encodeSubscription({
      ...this.#description,
      member,
      topicSets,
      owned: this.#owned,
      generation: this.#seen,
      members: this.#members,
      attempt: this.#attempt,
      isExclusive,
      topologyId,
      endpoint: endpoint?.(),
    });
    const topics = [...new Set(topicSets.flat())].sort();
    const joined = await cluster.send(
      node,
      this.#lane,
      joinGroup({
        group,
        sessionTimeoutMs,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
        memberId: this.#memberId,
        instanceId: member,
        protocolType: PROTOCOL_TYPE,
        protocols: [{ name: PROTOCOL_NAME, metadata: encodeConsumerSubscription({ topics, userData }) }],
      }),
      JOIN_TIMEOUT_MS,
    );
    if (this.#isOut()) return;
    if (joined.errorCode === errorCodes.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId;
    if (joined.errorCode !== 0) return this.#mend(joined.errorCode, 'to let the member join', node);
    this.#memberId = joined.memberId;
    this.#idFrom = node;
    this.#generation = joined.generation;
    const synced = await cluster.send(
      node,
      this.#lane,
      syncGroup({
        group,
        generation: joined.generation,
        memberId: joined.memberId,
        instanceId: member,
        assignments:
          joined.leader === joined.memberId
            ? await leaderAssignments({ cluster, group, joined, onFault: listener.faulted })
            : [],
      }),
      JOIN_TIMEOUT_MS,
    );
    if (this.#isOut()) return;
    if (synced.errorCode !== 0) return this.#mend(synced.errorCode, 'to tell the assignment', node);
    this.#take(joined.generation, synced.assignment);
  }

  #take(generation: number, bytes: Buffer): void {
    const { group, member, topicSets, listener } = this.#options;
    this.#description = undefined;
    const { partitions, userData } = decodeConsumerAssignment(bytes);
    const notice = decodeNotice(userData, group);
    if (!isForSets(notice, topicSets)) {
      // Made for the topics of the process that had this name before: with another subscription the group is looked at anew.
      this.#attempt++;
      return;
    }
    if (notice.refused !== undefined) {
      throw new HeadraceError('TOPIC_MISMATCH', `Group ${group} gives this member nothing: ${notice.refused}`);
    }
    if (notice.waitsFor !== undefined) listener.faulted(waits(group, member, notice.waitsFor));
    const isContinuous = this.#seen === generation || this.#seen === generation - 1;
    this.#seen = generation;
    this.#owned = partitions;
    this.#members = notice.members;
    // Whoever waits for the new generation must find what it brought.
    listener.assigned({ partitions, isContinuous, gone: notice.gone, standbys: placesOf(notice.standbys ?? {}) });
    this.#become('stable');
  }

  async #beat(): Promise<void> {
    const { cluster, group, member, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } = this.#options;
    await pause(cluster.timing, heartbeatIntervalMs, [this.#woken]);
    if (this.#state !== 'stable') return;
    const node = await cluster.coordinator('group', group);
    const { errorCode } = await cluster.send(
      node,
      this.#lane,
      heartbeat({ group, generation: this.#generation, memberId: this.#memberId, instanceId: member }),
    );
    if (errorCode === 0) this.#idFrom = node;
    else if (!this.#isOut()) this.#mend(errorCode, 'the heartbeat', node);
  }

  /** What an error of the coordinator means for the membership; throws where it cannot be mended by joining anew. */
  #mend(errorCode: number, what: string, node: number): void {
    switch (errorCode) {
      case errorCodes.COORDINATOR_LOAD_IN_PROGRESS:
      case errorCodes.COORDINATOR_NOT_AVAILABLE:
      case errorCodes.NOT_COORDINATOR:
        throw unavailable(`The coordinator of group ${this.#options.group} has moved: ${errorName(errorCode)}`);
      case errorCodes.REBALANCE_IN_PROGRESS:
      case errorCodes.MEMBER_ID_REQUIRED:
        break;
      case errorCodes.UNKNOWN_MEMBER_ID:
        // Thrown out: others had the partitions in between.
        this.#forgetId();
        break;
      case errorCodes.ILLEGAL_GENERATION:
        this.#forget();
        break;
      case errorCodes.FENCED_INSTANCE_ID:
        // A coordinator that took over knows who had this name before; should another process have it now, the next answer says so.
        if (node !== this.#idFrom) {
          this.#forgetId();
          break;
        }
        throw new HeadraceError(
          'MEMBER_REPLACED',
          `Another process has joined group ${this.#options.group} as ${this.#options.member}. Give each instance a data directory and a name of its own, and start only one of them`,
        );
      default:
        throw refusedByGroup(this.#options.group, what, errorCode);
    }
    this.#become('joining');
  }

  #forgetId(): void {
    this.#memberId = '';
    this.#forget();
  }

  #forget(): void {
    this.#seen = -1;
    this.#owned = [];
  }

  #isOut(): boolean {
    return this.#state === 'left' || this.#state === 'failed';
  }

  #fail(error: unknown): void {
    if (this.#isOut()) return;
    this.#become('failed');
    this.#options.listener.failed(ownError(error, 'The membership of the group'));
  }

  #become(state: 'joining' | 'stable' | 'left' | 'failed'): void {
    this.#state = state;
    this.#changed.notify();
  }
}
