import { HeadraceError } from '../../errors.ts';
import type { Signal } from '../membership/signal.ts';
import type { TopicPartition } from '../record.ts';
import { isUnavailable, ownError, pause, type Timing } from './cluster/retries.ts';
import type { PreparedPartition } from './group/ownership.ts';

export interface PreparationOptions {
  readonly timing: Timing;
  /** Ends a pause between two tries. */
  readonly woken: Signal;
  readonly prepare: (
    partitions: readonly TopicPartition[],
    requireWanted: () => void,
  ) => Promise<readonly PreparedPartition[]>;
  /** Aborts what another member of the group has open, and fences it. */
  readonly endTransactionOf: (member: string) => Promise<void>;
  readonly onPrepared: (partitions: readonly PreparedPartition[]) => void;
  readonly onFault: (error: HeadraceError) => void;
  readonly onFailure: (error: HeadraceError) => void;
  /** Whether it is at work from now on. */
  readonly onWorking: (isWorking: boolean) => void;
}

/** Before the preparation of partitions is tried again. */
const RETRY_MS = 500;

/** Brings the state of assigned partitions up to date in the background; repeated until it is done or another assignment came. */
export class Preparation {
  readonly #options: PreparationOptions;
  /** Grows with every assignment of the group, so that one at work knows when it is out of date. */
  #assignments = 0;

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  /** In place of what it is at. `gone` are members whose transactions would be waited for until their time is over. */
  begin(partitions: readonly TopicPartition[], gone: readonly string[]): void {
    const number = ++this.#assignments;
    this.#options.onWorking(partitions.length > 0);
    if (partitions.length > 0) void this.#work(partitions, gone, number);
  }

  end(): void {
    this.#assignments++;
  }

  async #work(partitions: readonly TopicPartition[], gone: readonly string[], number: number): Promise<void> {
    const { prepare, endTransactionOf, onPrepared, onFault, onFailure, onWorking, timing, woken } = this.#options;
    const isWanted = () => number === this.#assignments;
    const requireWanted = () => {
      if (!isWanted()) throw new HeadraceError('MEMBER_FENCED', 'Another assignment has come');
    };
    while (isWanted()) {
      try {
        for (const member of gone) await endTransactionOf(member);
        const prepared = await prepare(partitions, requireWanted);
        if (!isWanted()) return;
        onPrepared(prepared);
        onWorking(false);
        return;
      } catch (error) {
        if (!isWanted()) return;
        if (!isUnavailable(error)) return onFailure(ownError(error, 'Preparing partitions'));
        onFault(error);
        await pause(timing, RETRY_MS, [woken]);
      }
    }
  }
}
