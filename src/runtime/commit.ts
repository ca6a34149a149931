import type { GroupOffset, Member, StateChanges, Transaction } from '../log/log.ts';
import type { RecordCollector } from './record-collector.ts';
import type { Task } from './task.ts';

/** Points at which a process may die; docs/ARCHITECTURE.md says what is on disk after each. */
export type CommitStep = 'seal' | 'submit' | 'durable' | 'apply';

/** Called when a step is done. */
export type OnCommitStep = (step: CommitStep) => void;

/**
 * The one atomic commit of a worker (design D4): everything that its tasks have done since the last one, and `ownChanges`, what
 * the worker itself keeps. Resolves with
 * the offsets that are committed now; rejects as Member.commit does, with nothing applied here: the caller drops tasks and collector.
 */
export async function commit(
  member: Pick<Member, 'commit'>,
  epoch: number,
  tasks: readonly Task[],
  collector: RecordCollector,
  onStep: OnCommitStep,
  ownChanges: readonly StateChanges[] = [],
): Promise<readonly GroupOffset[]> {
  // 1. What cached tables hold back, and gather. From here to step 4 no record is processed: the buffers belong to the log.
  for (const task of tasks) task.flush();
  const transaction = seal(epoch, tasks, collector, ownChanges);
  onStep('seal');

  // 2. Hand over. A crash before the log has synced leaves nothing of it, one after leaves all.
  const committed = member.commit(transaction);
  onStep('submit');
  await committed;

  // 3. Durable: a restart goes on behind it.
  onStep('durable');

  // 4. The buffers become the read cache over a state that now contains them.
  apply(tasks, collector);
  onStep('apply');
  return transaction.offsets;
}

/** Everything since the last commit, as one transaction. */
export function seal(
  epoch: number,
  tasks: readonly Task[],
  collector: RecordCollector,
  ownChanges: readonly StateChanges[] = [],
): Transaction {
  return {
    epoch,
    records: collector.records(),
    offsets: tasks.flatMap((task) => task.offsets()),
    stateChanges: [...tasks.flatMap((task) => task.stateChanges()), ...ownChanges],
  };
}

export function apply(tasks: readonly Task[], collector: RecordCollector): void {
  for (const task of tasks) task.markCommitted();
  collector.clear();
}
