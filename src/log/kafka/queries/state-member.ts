import type { TopicPartition } from '../../record.ts';
import type { GroupMembership } from '../group/group-membership.ts';
import type { Ownership } from '../group/ownership.ts';
import type { MemberState } from '../state/member-state.ts';
import type { OwnerStamp } from './question.ts';

export interface StateMemberOptions {
  readonly group: string;
  readonly membership: Pick<GroupMembership, 'identity'>;
  readonly ownership: Pick<Ownership, 'isOwned'>;
  readonly state: Pick<MemberState, 'hasStore'>;
  /** Whether it left, failed or was replaced. */
  readonly isOut: () => boolean;
}

/** A member of this process, as far as its state goes. */
export class StateMember {
  readonly #options: StateMemberOptions;

  constructor(options: StateMemberOptions) {
    this.#options = options;
  }

  get group(): string {
    return this.#options.group;
  }

  /** What the coordinator calls it; undefined while that may change. */
  get memberId(): string | undefined {
    return this.#options.membership.identity?.memberId;
  }

  /** Under whom it may answer for a partition of a source now; undefined unless it owns and has restored it, as far as it knows. */
  standing(unit: TopicPartition): OwnerStamp | undefined {
    const { membership, ownership, isOut } = this.#options;
    return isOut() || !ownership.isOwned(unit) ? undefined : membership.identity;
  }

  /** Whether a store hangs on a source, in its own topology. */
  hasStore(source: string, store: string): boolean {
    return this.#options.state.hasStore(source, store);
  }
}
