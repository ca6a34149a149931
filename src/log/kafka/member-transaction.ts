import { HeadraceError } from '../../errors.ts';
import type { Transaction } from '../log.ts';
import type { GroupMembership } from './group/group-membership.ts';
import type { GroupIdentity } from './group/group-membership-options.ts';
import { fenceWithOffsets } from './group/group-offsets.ts';
import type { OffsetProgress } from './group/offset-progress.ts';
import type { Ownership } from './group/ownership.ts';
import { encodeIdentities } from './group/topic-identities.ts';
import type { KafkaMemberOptions } from './kafka-member-options.ts';
import { endOffset } from './producer/partition-produce.ts';

export interface MemberTransactionOptions
  extends Pick<KafkaMemberOptions, 'cluster' | 'producer' | 'state' | 'onStep' | 'onCommitted' | 'onWritten'> {
  readonly group: string;
  readonly membership: Pick<GroupMembership, 'identified' | 'doubt'>;
  readonly ownership: Ownership;
  readonly progress: OffsetProgress;
  /** Throws where the member is out. */
  readonly requireActive: () => void;
}

/** What a member's commit is on Kafka: one transaction, and the local state behind it. docs/KAFKA.md has its steps, and what a crash after each leaves. */
export class MemberTransaction {
  readonly #options: MemberTransactionOptions;

  constructor(options: MemberTransactionOptions) {
    this.#options = options;
  }

  /** As Member.commit, of what was checked; KAFKA_UNAVAILABLE where nothing was committed for want of brokers. */
  async commit(given: Transaction): Promise<void> {
    const { cluster, producer, state, group, membership, ownership, progress, requireActive } = this.#options;
    const { onStep, onCommitted, onWritten } = this.#options;
    const { epoch } = given;
    const offsets = progress.offsetsWith(given.offsets);
    const transaction = state.witnessed(given, offsets);
    const parts = await state.parts(transaction);
    if (parts.length === 0 && given.offsets.length === 0) return;
    if (offsets.length === 0) {
      throw new HeadraceError(
        'COMMIT_REFUSED',
        'The commit is refused: the member has no partition, so nothing would fence it',
      );
    }
    const fence = {
      cluster,
      group,
      offsets: offsets.map((each) => ({ ...each, metadata: encodeIdentities(state.identities(each)) })),
      identity: (until: number) =>
        membership.identified(until, () => {
          requireActive();
          ownership.requireEpoch(epoch);
        }),
      onRefused: (identity: GroupIdentity) => membership.doubt(identity),
    };
    const baseOffsets = await producer.transact({
      parts,
      group,
      fence: (identity, until, onUnanswered) => fenceWithOffsets(fence, identity, until, onUnanswered),
      ...(onStep === undefined ? {} : { onStep }),
    });
    onCommitted(offsets);
    // A member that has lost partitions by now has still committed; whether its changes are still to be applied here, the state knows.
    state.apply(
      transaction,
      parts.map((part, i) => ({
        part,
        fromOffset: baseOffsets[i]![0],
        endOffset: endOffset(part, baseOffsets[i]!),
      })),
    );
    for (const [i, part] of parts.entries()) onWritten(part, endOffset(part, baseOffsets[i]!));
    ownership.noteCommitted(transaction.offsets);
    onStep?.('apply');
  }
}
