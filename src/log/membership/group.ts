import { HeadraceError } from '../../errors.ts';
import type { TopicPartition } from '../record.ts';
import { assignPartitions, type Owners, type TopicSet } from './assignment.ts';
import type { GroupMember } from './group-member.ts';

/** The members of a group and who owns what. In memory only: a member lives no longer than its process. */
export class Group {
  readonly name: string;
  readonly #members = new Map<string, GroupMember>();
  #owners: Owners = new Map();
  #epoch = 0;

  constructor(name: string) {
    this.name = name;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  subscribesTo(topic: string): boolean {
    for (const member of this.#members.values()) {
      if (member.sets.some((set) => set.topics.includes(topic))) return true;
    }
    return false;
  }

  /** Lets the member in; one of the same name is fenced and its partitions stay with the name. */
  join(member: GroupMember): void {
    const previous = this.#members.get(member.name);
    this.#checkSets(member);
    previous?.fence(`another member joined group ${this.name} as ${member.name}`);
    this.#members.set(member.name, member);
    this.#rebalance();
  }

  leave(member: GroupMember): void {
    if (this.#members.get(member.name) !== member) return;
    this.#members.delete(member.name);
    this.#rebalance();
  }

  fenceAll(reason: string): void {
    for (const member of this.#members.values()) member.fence(reason);
    this.#members.clear();
    this.#owners = new Map();
  }

  /** A topic that stood in two sets would have two owners for one partition. */
  #checkSets(joining: GroupMember): void {
    const setOfTopic = new Map<string, string>();
    for (const member of [...this.#members.values(), joining]) {
      if (member !== joining && member.name === joining.name) continue;
      for (const set of member.sets) {
        for (const topic of set.topics) {
          const other = setOfTopic.get(topic);
          if (other !== undefined && other !== set.id) {
            throw new HeadraceError('TOPIC_MISMATCH', `Topic ${topic} stands in two topic sets of group ${this.name}`, {
              where: { topic },
            });
          }
          setOfTopic.set(topic, set.id);
        }
      }
    }
  }

  /** Only members whose partitions change get a new epoch: the others work on undisturbed. */
  #rebalance(): void {
    const sets = new Map<string, TopicSet>();
    const members = [...this.#members.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
    for (const member of members) for (const set of member.sets) sets.set(set.id, set);
    const ordered = [...sets.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    this.#owners = assignPartitions(
      ordered,
      members.map((member) => ({ member: member.name, setIds: new Set(member.sets.map(({ id }) => id)) })),
      this.#owners,
    );
    this.#epoch++;
    for (const member of members) member.reassign(this.#epoch, this.#partitionsOf(member.name, ordered));
  }

  #partitionsOf(member: string, sets: readonly TopicSet[]): readonly TopicPartition[] {
    const partitions: TopicPartition[] = [];
    for (const set of sets) {
      this.#owners.get(set.id)!.forEach((owner, partition) => {
        if (owner === member) for (const topic of set.topics) partitions.push({ topic, partition });
      });
    }
    return partitions;
  }
}
