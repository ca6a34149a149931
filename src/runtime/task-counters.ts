/** Counted over all tasks of a worker. */
export interface TaskCounters {
  processed: number;
  deadLetters: number;
  /** Records that wait behind a dead letter of their key. */
  parked: number;
  /** Records and forwards that an error handler skipped, and replays whose turn is over. */
  dropped: number;
  /** By the rules of an operator. */
  skipped: number;
  /** By the wall clock, idle ticks among them; those on stream time belong to their records. */
  punctuated: number;
}

export function noneCounted(): TaskCounters {
  return { processed: 0, deadLetters: 0, parked: 0, dropped: 0, skipped: 0, punctuated: 0 };
}

/** How much a task has done that a commit would make durable: positions go on by each of these. */
export function handledIn({ processed, deadLetters, parked, dropped, punctuated }: TaskCounters): number {
  return processed + deadLetters + parked + dropped + punctuated;
}
