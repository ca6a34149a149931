import { HeadraceError } from '../../../errors.ts';
import type { GroupOffset } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { partitionKey } from '../fetch/fetch-position.ts';

/** A partition that was restored, with what a reader must know to begin. */
export interface PreparedPartition extends TopicPartition {
  readonly topicId: string;
  /** The committed offset, or the first one held where there is none. */
  readonly offset: number;
  /** The first offset held and the last stable one. */
  readonly start: number;
  readonly end: number;
}

/**
 * Which partitions a member may work on, and under which epoch. What was taken away is gone at once; what was given is handed out when
 * it is prepared (its state restored); meanwhile the work on the others goes on. The epoch grows whenever that changes, and a
 * commit of an older one is refused.
 */
export class Ownership {
  readonly #member: string;
  /** In the order in which they were assigned. */
  #ready = new Map<string, PreparedPartition>();
  #wanted = new Map<string, TopicPartition>();
  readonly #nextEpoch: () => number;
  #epoch: number;
  #isHandedOut = false;
  #isNew = false;

  /** @param member as errors name it. @param nextEpoch grows over all members of a process, so that an old member's epoch is never a new one's. */
  constructor(member: string, nextEpoch: () => number) {
    this.#member = member;
    this.#nextEpoch = nextEpoch;
    this.#epoch = nextEpoch();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether the next poll has to say something new. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** Whether everything that was given is prepared and handed out. */
  get isSettled(): boolean {
    return !this.#isNew && this.#ready.size === this.#wanted.size;
  }

  /** From the group. Returns what has to be prepared now. */
  assign(partitions: readonly TopicPartition[], isContinuous: boolean): readonly TopicPartition[] {
    this.#wanted = new Map(partitions.map((each) => [partitionKey(each.topic, each.partition), each]));
    const kept = isContinuous ? [...this.#ready].filter(([key]) => this.#wanted.has(key)) : [];
    const hasLost = kept.length < this.#ready.size;
    this.#ready = new Map(kept);
    const gained = [...this.#wanted].filter(([key]) => !this.#ready.has(key)).map(([, each]) => each);
    // A first assignment is handed out when it is prepared: until then there is nothing to say.
    if ((hasLost && this.#isHandedOut) || (!this.#isHandedOut && gained.length === 0)) this.#renew();
    else if (hasLost) this.#epoch = this.#nextEpoch();
    return gained;
  }

  /** What was prepared and is still wanted is handed out with the next poll. */
  prepared(partitions: readonly PreparedPartition[]): void {
    const ready = partitions.filter(({ topic, partition }) => this.#wanted.has(partitionKey(topic, partition)));
    if (ready.length === 0) return;
    for (const each of ready) this.#ready.set(partitionKey(each.topic, each.partition), each);
    this.#renew();
  }

  /** The new assignment, each partition with its committed offset. */
  take(): { readonly epoch: number; readonly partitions: readonly PreparedPartition[] } {
    this.#isNew = false;
    this.#isHandedOut = true;
    const order = [...this.#wanted.keys()].filter((key) => this.#ready.has(key));
    return { epoch: this.#epoch, partitions: order.map((key) => this.#ready.get(key)!) };
  }

  isOwned({ topic, partition }: TopicPartition): boolean {
    return this.#ready.has(partitionKey(topic, partition));
  }

  /** What the partition has committed, as far as this member knows: nobody else commits to it. */
  committed(): readonly GroupOffset[] {
    return [...this.#ready.values()].map(({ topic, partition, offset }) => ({ topic, partition, offset }));
  }

  noteCommitted(offsets: readonly GroupOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const key = partitionKey(topic, partition);
      const ready = this.#ready.get(key);
      if (ready !== undefined) this.#ready.set(key, { ...ready, offset });
    }
  }

  /** Throws MEMBER_FENCED unless `epoch` is the present one. */
  requireEpoch(epoch: number): void {
    if (epoch === this.#epoch) return;
    throw new HeadraceError(
      'MEMBER_FENCED',
      `${this.#member} is fenced: its partitions changed: the epoch is ${this.#epoch}, not ${epoch}; poll for the new assignment`,
    );
  }

  #renew(): void {
    this.#epoch = this.#nextEpoch();
    this.#isNew = true;
  }
}
