import type { Clock } from '../clock.ts';
import type { Member } from '../log/log.ts';
import type { AssignedTasks } from './assigned-tasks.ts';
import type { IsCaughtUp } from './idle-ticks.ts';
import type { TaskTally } from './worker-figures.ts';

/** Records processed between two looks at the clock. */
const PROCESS_RECORDS_MAX = 2_000;
/** A commit is made before its time when the changes have grown to this many keys and outgoing records. */
export const COMMIT_CHANGES_MAX = 400_000;

/** How long a poll waits at most: as long as stop and idle may take to be noticed. */
const POLL_WAIT_MAX_MS = 100;
/** The same where somebody waits for everything to be done, and where calls must end first for that: they bring their work into the poll's wait. */
const POLL_WAIT_WATCHED_MS = 1;
const POLL_WAIT_CALLING_MS = 10;

export interface ProcessOptions {
  readonly clock: Clock;
  readonly tally: TaskTally;
  readonly member: Pick<Member, 'isCaughtUp'>;
  readonly assigned: AssignedTasks;
}

/**
 * Processes what is at hand, until the time of the next commit. A task is known to be silent up to the poll, however busy the others are: what has come since is
 * not seen yet.
 */
export function processTasks(
  { clock, tally, member, assigned }: ProcessOptions,
  until: number,
  polledAt: number,
): void {
  const isCaughtUp = caughtUpIn(member);
  for (;;) {
    let done = 0;
    for (const task of assigned.tasks) task.punctuateWallClock(clock());
    for (const task of assigned.tasks) {
      const processed = task.process(PROCESS_RECORDS_MAX, isCaughtUp);
      done += tally.processed(task.id, processed);
      if (processed === 0) task.tickIdle(polledAt, isCaughtUp);
    }
    if (done === 0 || clock() >= until || assigned.changes() >= COMMIT_CHANGES_MAX) return;
  }
}

/** Processes what calls have brought while a poll waits; the rest comes after it. */
export function processAnswered({ tally, member, assigned }: ProcessOptions): void {
  if (assigned.changes() >= COMMIT_CHANGES_MAX) return;
  const isCaughtUp = caughtUpIn(member);
  for (const task of assigned.tasks) {
    if (task.calls.isUsed) tally.processed(task.id, task.process(PROCESS_RECORDS_MAX, isCaughtUp));
  }
}

/** A record that waits for its call is like one that is not fetched yet: nothing is known of what comes after it. */
function caughtUpIn(member: Pick<Member, 'isCaughtUp'>): IsCaughtUp {
  return (queue) => !queue.isWaiting && member.isCaughtUp(queue);
}

export interface PollWait {
  readonly untilCommitMs: number;
  /** Whether anything is to be committed. */
  readonly isDirty: boolean;
  /** Whether somebody waits for everything to be done. */
  readonly isWatched: boolean;
}

export function pollWaitMs(assigned: AssignedTasks, { untilCommitMs, isDirty, isWatched }: PollWait): number {
  if (assigned.hasWork()) return 0;
  const { awaitsCalls } = assigned;
  const watchedMs = awaitsCalls ? POLL_WAIT_CALLING_MS : POLL_WAIT_WATCHED_MS;
  const waitMs = isWatched ? watchedMs : POLL_WAIT_MAX_MS;
  // What calls bring while the poll waits is to be committed in time.
  return isDirty || awaitsCalls ? Math.min(waitMs, untilCommitMs) : waitMs;
}
