import { HeadraceError } from '../../../errors.ts';
import type { GroupStores } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { type GroupDescription, type GroupOwner, ownerIn } from '../group/described-group.ts';
import { ANSWER_BYTES_MAX } from './answer-unit.ts';
import type { GroupDescriptions } from './group-descriptions.ts';
import type { OwnerStamp, UnitAnswer, UnitQuestion } from './question.ts';
import { GROUP_UNIT, type StateAtHand, type StateOwners, stateUnavailable } from './reading.ts';
import type { StateExchange } from './state-exchange.ts';
import { decodeAnswers, encodeQuestion, type Refusal } from './wire.ts';

export interface GroupOwnersOptions {
  readonly stores: GroupStores;
  readonly descriptions: GroupDescriptions;
  readonly exchange: StateExchange | undefined;
  /** What a member of this process has of a unit. */
  readonly ofMembers: (unit: TopicPartition) => StateAtHand | undefined;
  readonly isOfMembers: (memberId: string) => boolean;
  /** The local state as it is, for what nobody else has. */
  readonly local: StateAtHand['state'];
  /** Brings all of the group's state here, for a group without members. */
  readonly bringHere: () => Promise<void>;
  /** The same for what belongs to the group as a whole. */
  readonly bringGroupHere: () => Promise<void>;
}

/** The group has no members, and its state was brought here. */
const NOBODY: OwnerStamp = { memberId: '', generation: -1 };

/** Those who own a group's state, for one reading. */
export class GroupOwners implements StateOwners {
  readonly #options: GroupOwnersOptions;
  readonly #sources = new Map<string, string>();
  #description: GroupDescription | undefined;
  #isAllHere = false;
  #isGroupHere = false;
  #bringing: Promise<void> | undefined;
  /** Questions of this turn, by endpoint. */
  readonly #gathered = new Map<string, Asked[]>();

  constructor(options: GroupOwnersOptions) {
    this.#options = options;
    for (const { source, stores } of options.stores.changelogs ?? []) {
      for (const store of stores) this.#sources.set(store, source);
    }
    this.#description = options.descriptions.last(options.stores.group);
  }

  sourceOf(store: string): string | undefined {
    return this.#sources.get(store);
  }

  atHand(unit: TopicPartition): StateAtHand | undefined {
    const { ofMembers, local } = this.#options;
    if (unit.topic === GROUP_UNIT.topic) return this.#isGroupHere ? { state: local, stamp: NOBODY } : undefined;
    if (this.#isAllHere) return { state: local, stamp: NOBODY };
    const own = ofMembers(unit);
    const known = this.#description?.state === 'stable' ? ownerIn(this.#description, unit) : undefined;
    if (own === undefined || known === undefined || known.memberId === own.stamp.memberId) return own;
    // A member that was stopped does not know yet that it was replaced; or what is known is of the time before it got the partition.
    return own.stamp.generation > (known.generation ?? 0) ? own : undefined;
  }

  async ask(question: UnitQuestion, isRepeated: boolean): Promise<UnitAnswer | 'here'> {
    const { unit } = question;
    if (unit.topic === GROUP_UNIT.topic) {
      await this.#options.bringGroupHere();
      this.#isGroupHere = true;
      return 'here';
    }
    if (isRepeated || this.#description === undefined || this.#description.state !== 'stable') await this.#lookUp();
    const description = this.#description!;
    if (description.state === 'moving') throw this.#unavailable(unit, 'the group is being rebalanced');
    if (description.state === 'nobody') {
      this.#bringing ??= this.#options.bringHere().finally(() => {
        this.#bringing = undefined;
      });
      await this.#bringing;
      this.#isAllHere = true;
      return 'here';
    }
    const owner = ownerIn(description, unit);
    if (owner === undefined) throw this.#unavailable(unit, 'no member of the group has that partition');
    if (this.#options.isOfMembers(owner.memberId)) {
      if (this.atHand(unit) !== undefined) return 'here';
      throw this.#unavailable(unit, 'it is being restored in this process');
    }
    return this.#askOwner(owner, question);
  }

  async moved(stamps: readonly (readonly [TopicPartition, OwnerStamp])[]): Promise<readonly TopicPartition[]> {
    const ofSources = stamps.filter(([unit]) => unit.topic !== GROUP_UNIT.topic);
    if (ofSources.length === 0) return [];
    const description = await this.#lookUp();
    const moved = ofSources.filter(([unit, stamp]) => !stands(description, unit, stamp)).map(([unit]) => unit);
    // Somebody has joined: what was brought here may be old by now.
    if (description.state !== 'nobody') this.#isAllHere = false;
    return moved;
  }

  async #lookUp(): Promise<GroupDescription> {
    const { descriptions, stores } = this.#options;
    this.#description = await descriptions.fresh(stores.group);
    return this.#description;
  }

  #askOwner({ member, endpoint }: GroupOwner, question: UnitQuestion): Promise<UnitAnswer> {
    const { exchange } = this.#options;
    if (exchange === undefined || endpoint === undefined) {
      const who = endpoint === undefined ? `${member} owns it and serves no questions` : 'this process asks nobody';
      throw this.#unavailable(question.unit, who);
    }
    return new Promise((resolve, reject) => {
      const asked: Asked = { question, member, resolve, reject };
      const gathered = this.#gathered.get(endpoint);
      if (gathered !== undefined) return void gathered.push(asked);
      this.#gathered.set(endpoint, [asked]);
      // One request for what one run of the reader missed.
      queueMicrotask(() => {
        const all = this.#gathered.get(endpoint)!;
        this.#gathered.delete(endpoint);
        for (const batch of batchesOf(all)) void this.#send(exchange, endpoint, batch);
      });
    });
  }

  async #send(exchange: StateExchange, endpoint: string, batch: readonly Asked[]): Promise<void> {
    try {
      const units = batch.map(({ question }) => question);
      const bytes = await exchange.ask(endpoint, encodeQuestion({ group: this.#options.stores.group, units }));
      const answers = decodeAnswers(bytes);
      for (const [i, { question, member, resolve, reject }] of batch.entries()) {
        const answer: UnitAnswer | Refusal = answers[i] ?? { refused: 'it does not answer' };
        if ('refused' in answer) reject(this.#unavailable(question.unit, `${member}: ${answer.refused}`));
        else resolve(answer);
      }
    } catch (error) {
      for (const { question, member, reject } of batch) {
        const isPassing = error instanceof HeadraceError && error.retriable;
        reject(isPassing ? this.#unavailable(question.unit, `${member} owns it: ${error.message}`) : error);
      }
    }
  }

  #unavailable(unit: TopicPartition, because: string): HeadraceError {
    return stateUnavailable(this.#options.stores.group, unit, because);
  }
}

interface Asked {
  readonly question: UnitQuestion;
  readonly member: string;
  readonly resolve: (answer: UnitAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Together as much as one answer may bring: each unit shall come whole. */
function batchesOf(all: readonly Asked[]): readonly (readonly Asked[])[] {
  const batches: Asked[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const asked of all) {
    const wanted = asked.question.lookups.reduce((sum, { allBytes }) => sum + allBytes, 0);
    if (bytes + wanted > ANSWER_BYTES_MAX) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(asked);
    bytes += wanted;
  }
  return batches;
}

function stands(description: GroupDescription, unit: TopicPartition, { memberId, generation }: OwnerStamp): boolean {
  if (description.state === 'nobody') return memberId === NOBODY.memberId;
  const owner = description.ownerOf.get(partitionKey(unit.topic, unit.partition));
  return owner?.memberId === memberId && (owner.generation === undefined || owner.generation === generation);
}
