import type { CommittedState, GroupStores } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { pause } from '../cluster/retries.ts';
import { ANSWER_BYTES_MAX, resultsOf } from './answer-unit.ts';
import { GroupDescriptions } from './group-descriptions.ts';
import { GroupOwners } from './group-owners.ts';
import type { OwnerStamp, UnitAnswer, UnitQuestion } from './question.ts';
import { Reading } from './reading.ts';
import type { StateExchange } from './state-exchange.ts';
import type { StateMember } from './state-member.ts';
import { decodeQuestion, encodeAnswers, type Refusal } from './wire.ts';

export interface StateDeskOptions {
  readonly cluster: Cluster;
  readonly exchange: StateExchange | undefined;
  /** The members of a group in this process. */
  readonly membersOf: (group: string) => readonly StateMember[];
  readonly committed: (group: string) => CommittedState;
  /** Grows with each change of a unit's state here. */
  readonly changesOf: (group: string, unit: TopicPartition) => number;
  /** Restores everything, or what belongs to the group as a whole, into the local state. */
  readonly bringHere: (stores: GroupStores) => Promise<void>;
  readonly bringGroupHere: (group: string) => Promise<void>;
}

/** Where questions of state are asked and answered: see "State of partitions that others own" in docs/KAFKA.md. */
export class StateDesk {
  readonly #options: StateDeskOptions;
  readonly #descriptions: GroupDescriptions;

  constructor(options: StateDeskOptions) {
    this.#options = options;
    this.#descriptions = GroupDescriptions.of(options.cluster);
  }

  /** See Log.readState. */
  read<T>(stores: GroupStores, reader: (state: CommittedState) => T): Promise<T> {
    const { cluster, exchange, membersOf, committed, bringHere, bringGroupHere } = this.#options;
    const { group } = stores;
    const local = committed(group);
    const owners = new GroupOwners({
      stores,
      descriptions: this.#descriptions,
      exchange,
      local,
      ofMembers: (unit) => {
        const stamp = this.#stampOf(group, unit, storesOn(stores, unit.topic));
        return stamp === undefined ? undefined : { state: local, stamp };
      },
      isOfMembers: (memberId) => membersOf(group).some((member) => member.memberId === memberId),
      bringHere: () => bringHere(stores),
      bringGroupHere: () => bringGroupHere(group),
    });
    return new Reading({ group, owners, timing: cluster.timing }).result(reader);
  }

  /** See Log.answerState. */
  async answer(question: Uint8Array): Promise<Uint8Array> {
    const { group, units } = decodeQuestion(question);
    const room = { bytes: ANSWER_BYTES_MAX };
    const answers: (UnitAnswer | Refusal)[] = [];
    for (const unit of units) {
      // Records are processed in between.
      if (answers.length > 0) await pause(this.#options.cluster.timing, 0);
      answers.push(this.#answerUnit(group, unit, room));
    }
    return encodeAnswers(answers);
  }

  /** In one turn: ownership, version and rows belong together. */
  #answerUnit(group: string, question: UnitQuestion, room: { bytes: number }): UnitAnswer | Refusal {
    const { committed, changesOf } = this.#options;
    const { unit, lookups } = question;
    const stamp = this.#stampOf(group, unit, new Set(lookups.map(({ lookup }) => lookup.store)));
    if (stamp === undefined) return { refused: 'it does not own it, or is restoring it' };
    const version = `${stamp.memberId} ${changesOf(group, unit)}`;
    const isSame = question.version === version;
    return { stamp, version, isSame, results: resultsOf(committed(group), question, isSame, room) };
  }

  #stampOf(group: string, unit: TopicPartition, stores: ReadonlySet<string>): OwnerStamp | undefined {
    for (const member of this.#options.membersOf(group)) {
      const stamp = member.standing(unit);
      if (stamp !== undefined && [...stores].every((store) => member.hasStore(unit.topic, store))) return stamp;
    }
    return undefined;
  }
}

function storesOn({ changelogs = [] }: GroupStores, source: string): ReadonlySet<string> {
  return new Set(changelogs.find((each) => each.source === source)?.stores);
}
