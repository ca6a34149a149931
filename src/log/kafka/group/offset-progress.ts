import type { Clock } from '../../../clock.ts';
import { type ErrorCode, HeadraceError } from '../../../errors.ts';
import type { GroupOffset } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBatch } from '../../record-batch.ts';
import { isUnavailable } from '../cluster/retries.ts';
import { type FetchPosition, partitionKey } from '../fetch/fetch-position.ts';
import type { Ownership } from './ownership.ts';

/** A member that has had no record for so long commits what it has passed over: it costs a transaction. */
const SILENCE_MS = 1_000;

/** Errors of a commit that says nothing new of the work; the work's own commits meet them again, where they do not pass. */
const PASSING: ReadonlySet<unknown> = new Set<ErrorCode>(['COMMIT_REFUSED', 'COMMIT_UNKNOWN', 'MEMBER_FENCED']);

export interface OffsetProgressOptions {
  readonly ownership: Pick<Ownership, 'committed'>;
  readonly positionOf: (place: TopicPartition) => FetchPosition | undefined;
  readonly clock: Clock;
}

/**
 * Which offsets a commit carries. Behind the last record of a partition there may be markers of transactions and aborted records: in a
 * silence the offset goes on over them, else `kafka-consumer-groups` shows a lag for ever where there is nothing to read. Commits of the
 * work carry what the work says, which knows of records only.
 */
export class OffsetProgress {
  readonly #options: OffsetProgressOptions;
  #silentSince: number;

  constructor(options: OffsetProgressOptions) {
    this.#options = options;
    this.#silentSince = options.clock();
  }

  /** What is handed out now; a silence begins behind it. */
  handedOut(batches: readonly RecordBatch[]): readonly RecordBatch[] {
    const { positionOf, clock } = this.#options;
    for (const batch of batches) {
      const position = positionOf(batch);
      if (position !== undefined) position.handedOut = batch.offsetAt(batch.length - 1) + 1;
    }
    this.#silentSince = clock();
    return batches;
  }

  /**
   * The offsets of all partitions that the member owns, also of those without progress: a partition's next owner waits for a
   * transaction only where it sees an offset of that partition in it.
   */
  offsetsWith(given: readonly GroupOffset[]): readonly GroupOffset[] {
    const all = new Map<string, GroupOffset>();
    for (const each of this.#options.ownership.committed()) all.set(partitionKey(each.topic, each.partition), each);
    for (const each of given) all.set(partitionKey(each.topic, each.partition), each);
    return [...all.values()];
  }

  /** Offsets over what is no record, after a silence; not sooner again than after another one. Of what is not processed yet there is none. */
  passed(): readonly GroupOffset[] {
    const { clock, ownership, positionOf } = this.#options;
    const now = clock();
    // A clock that was set back begins anew.
    if (now < this.#silentSince) this.#silentSince = now;
    if (now - this.#silentSince < SILENCE_MS) return [];
    this.#silentSince = now;
    return ownership.committed().flatMap((each) => {
      const { handedOut, offset } = positionOf(each) ?? { handedOut: -1, offset: -1 };
      return handedOut === each.offset && offset > each.offset ? [{ ...each, offset }] : [];
    });
  }
}

/** Whether an error of a commit over what is no record is to be left at that. */
export function mayFailInSilence(error: unknown): boolean {
  return isUnavailable(error) || (error instanceof HeadraceError && PASSING.has(error.code));
}
