import { HeadraceError } from '../../../errors.ts';
import { errorName } from '../protocol/errors.ts';
import { findCoordinator } from '../protocol/requests/find-coordinator.ts';
import { metadata } from '../protocol/requests/metadata.ts';
import type { BrokerAddress, ConnectToBroker, Message } from './broker-connection.ts';
import { type Lane, Lanes } from './lanes.ts';
import { Again, isUnavailable, retried, type Timing, unavailable } from './retries.ts';

/** A topic as the brokers tell of it. */
export interface ClusterTopic {
  readonly name: string;
  /** Its identity (KIP-516): another topic of the same name has another. */
  readonly id: string;
  readonly isInternal: boolean;
  /** The node that leads each partition, -1 where none does now. */
  readonly leaders: readonly number[];
}

export type CoordinatorKind = 'group' | 'transaction';

export interface ClusterOptions extends Timing {
  readonly bootstrap: readonly BrokerAddress[];
  readonly connect: ConnectToBroker;
  /** How long one request may take (10,000). */
  readonly requestTimeoutMs?: number;
}

export const REQUEST_TIMEOUT_MS = 10_000;

/** The brokers as they are known: who leads what, who coordinates whom, and a way to ask them. */
export class Cluster {
  readonly timing: Timing;
  readonly #bootstrap: readonly BrokerAddress[];
  readonly #lanes: Lanes;
  readonly #requestTimeoutMs: number;
  readonly #nodes = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, ClusterTopic>();
  readonly #coordinators = new Map<string, number>();
  readonly #refreshing = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor({ bootstrap, connect, requestTimeoutMs = REQUEST_TIMEOUT_MS, clock, startTimer }: ClusterOptions) {
    this.timing = { clock, startTimer };
    this.#bootstrap = bootstrap;
    this.#lanes = new Lanes(connect);
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  /** Throws LOG_CLOSED. */
  requireOpen(): void {
    if (this.#isClosed) throw new HeadraceError('LOG_CLOSED', 'The log was closed');
  }

  /** Asks one broker. Rejects with KAFKA_UNAVAILABLE where it is unknown, gone, or silent for too long. */
  async send<Answer>(
    node: number,
    lane: Lane,
    message: Message<Answer>,
    timeoutMs = this.#requestTimeoutMs,
  ): Promise<Answer> {
    const address = this.#nodes.get(node);
    if (address === undefined) {
      this.#doubtLeader(node);
      throw unavailable(node < 0 ? 'No broker leads it now' : `Broker ${node} is not known`);
    }
    return this.#lanes.send(address, lane, message, timeoutMs).catch((error: unknown) => {
      if (isUnavailable(error)) this.#doubtLeader(node);
      throw error;
    });
  }

  /** What is known of a topic, asked for where nothing is. Throws TOPIC_UNKNOWN where the brokers know none. */
  async topic(name: string): Promise<ClusterTopic> {
    const found = await this.found(name);
    if (found === undefined) throw topicUnknown(name);
    return found;
  }

  /** The same; undefined where there is none. */
  async found(name: string): Promise<ClusterTopic | undefined> {
    if (this.#topics.get(name) === undefined) await this.refresh([name]);
    return this.#topics.get(name);
  }

  /** What is known of a topic without asking. */
  known(name: string): ClusterTopic | undefined {
    return this.#topics.get(name);
  }

  /** The node that leads a partition as far as it is known, -1 where it is not. */
  leader(topic: string, partition: number): number {
    return this.#topics.get(topic)?.leaders[partition] ?? -1;
  }

  /** All topics but those of the brokers themselves. */
  async allTopics(): Promise<readonly ClusterTopic[]> {
    await this.#ask(null);
    return [...this.#topics.values()].filter(({ isInternal }) => !isInternal);
  }

  /** Asks anew for topics; calls for the same ones at a time share one request. */
  async refresh(names: readonly string[]): Promise<void> {
    const key = JSON.stringify([...names].sort());
    const running = this.#refreshing.get(key);
    if (running !== undefined) return running;
    const asking = this.#ask(names).finally(() => this.#refreshing.delete(key));
    this.#refreshing.set(key, asking);
    return asking;
  }

  /** The node that coordinates a group or a transactional id, asked for where it is not known. */
  async coordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const name = `${kind} ${key}`;
    const known = this.#coordinators.get(name);
    if (known !== undefined) return known;
    const answer = await this.sendToAny(findCoordinator({ key, keyType: kind === 'group' ? 0 : 1 }));
    if (answer.errorCode !== 0) {
      if (isRefusal(answer.errorCode)) throw refused(`to coordinate ${kind} ${key}`, answer.errorCode);
      throw unavailable(`No broker coordinates ${kind} ${key} now: ${errorName(answer.errorCode)}`);
    }
    this.#nodes.set(answer.nodeId, { host: answer.host, port: answer.port });
    this.#coordinators.set(name, answer.nodeId);
    return answer.nodeId;
  }

  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`);
  }

  /**
   * Asks any broker, for what every broker knows: those that are known first, then those that were named at the start; one that answers is enough.
   * Rejects with KAFKA_UNAVAILABLE where none does.
   */
  async sendToAny<Answer>(message: Message<Answer>, timeoutMs = this.#requestTimeoutMs): Promise<Answer> {
    this.requireOpen();
    let failure: unknown;
    for (const address of [...this.#nodes.values(), ...this.#bootstrap]) {
      try {
        return await this.#lanes.send(address, 'main', message, timeoutMs);
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        failure = error;
      }
    }
    const asked = this.#bootstrap.map(({ host, port }) => `${host}:${port}`).join(', ');
    throw unavailable(
      `No Kafka broker answers at ${asked}. Check that the brokers run and that the address is right`,
      failure,
    );
  }

  /** All brokers that are there. */
  async allNodes(): Promise<readonly number[]> {
    await this.#ask([]);
    return [...this.#nodes.keys()];
  }

  /** Waits until every partition of the topics has a leader, as after their creation. */
  async awaitLeaders(names: readonly string[], timeoutMs: number): Promise<void> {
    await retried(
      async () => {
        await this.refresh(names);
        const waiting = names.filter((name) => !(this.#topics.get(name)?.leaders.every((node) => node >= 0) ?? false));
        return waiting.length > 0 ? new Again(`${waiting.join(', ')} has partitions without a leader`) : undefined;
      },
      {
        ...this.timing,
        until: this.timing.clock() + timeoutMs,
        what: 'to give every partition a leader',
        requireOpen: () => this.requireOpen(),
      },
    );
  }

  /** What a broker led that does not answer, another one may lead by now: whoever needs it asks anew. */
  #doubtLeader(node: number): void {
    for (const [name, topic] of this.#topics) {
      if (!topic.leaders.includes(node)) continue;
      this.#topics.set(name, { ...topic, leaders: topic.leaders.map((leader) => (leader === node ? -1 : leader)) });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#lanes.close();
  }

  async #ask(names: readonly string[] | null): Promise<void> {
    const answer = await this.sendToAny(metadata({ topics: names }));
    this.#nodes.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port });
    if (names === null) this.#topics.clear();
    for (const { name, topicId, isInternal, errorCode, partitions } of answer.topics) {
      if (name === null) continue;
      if (isRefusal(errorCode)) throw refused(`to tell of topic ${name}`, errorCode);
      const isThere = errorCode === 0 || partitions.length > 0;
      if (!isThere) {
        this.#topics.delete(name);
        continue;
      }
      const leaders: number[] = new Array(partitions.length).fill(-1);
      for (const each of partitions) leaders[each.partition] = each.leader;
      this.#topics.set(name, { name, id: topicId, isInternal, leaders });
    }
  }
}

const TOPIC_AUTHORIZATION_FAILED = 29;
const GROUP_AUTHORIZATION_FAILED = 30;
const CLUSTER_AUTHORIZATION_FAILED = 31;
const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53;
const REFUSALS: ReadonlySet<number> = new Set([
  TOPIC_AUTHORIZATION_FAILED,
  GROUP_AUTHORIZATION_FAILED,
  CLUSTER_AUTHORIZATION_FAILED,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
]);

/** Whether the brokers say that this user may not do it. */
export function isRefusal(errorCode: number): boolean {
  return REFUSALS.has(errorCode);
}

/** What the brokers refuse for good. `what` as in "to read topic t". */
export function refused(what: string, errorCode: number, advice = ''): HeadraceError {
  const more = advice === '' ? (isRefusal(errorCode) ? ': give this user the right for it' : '') : `: ${advice}`;
  return new HeadraceError('KAFKA_REFUSED', `Kafka refuses ${what} (${errorName(errorCode)})${more}`);
}

export function topicUnknown(name: string): HeadraceError {
  return new HeadraceError('TOPIC_UNKNOWN', `There is no topic ${name}`, { where: { topic: name } });
}
