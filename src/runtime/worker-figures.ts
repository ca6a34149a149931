import { addedCalls, type CallFigures, callFigures, NO_CALLS } from './async/call-figures.ts';
import { OperatorTally } from './operator-tally.ts';
import type { SkippedRecords } from './skip-reason.ts';
import type { Task } from './task.ts';
import type { TaskCounters } from './task-counters.ts';

/** What one worker has done since it began, for metrics: Kafka Streams' names for these things, counted beside the record path. */
export interface WorkerFigures {
  readonly application: string;
  readonly member: string;
  readonly counters: Readonly<TaskCounters>;
  readonly polls: number;
  readonly commits: number;
  readonly aborts: number;
  readonly tasksCreated: number;
  readonly tasksClosed: number;
  readonly tasks: readonly TaskFigures[];
}

export interface TaskFigures {
  /** Number of the sub-topology and the partition, such as `0_3`. */
  readonly taskId: string;
  readonly processed: number;
  /** Records that operators skipped by their rules (a null key, too late), by operator. */
  readonly dropped: Readonly<Record<string, number>>;
  /** The same by operator and reason. */
  readonly skipped: readonly SkippedRecords[];
  /** Records that came behind the time of an operator that follows time, by operator: not dropped unless they are late as well. */
  readonly outOfOrder: Readonly<Record<string, number>>;
  /** Changes that suppress operators let through, by operator. */
  readonly suppressionEmits: Readonly<Record<string, number>>;
  /** Windows that were sent when they had closed, by operator. */
  readonly emitFinalRecords: Readonly<Record<string, number>>;
  /** Of its asynchronous operators, by operator. */
  readonly calls: Readonly<Record<string, CallFigures>>;
  /** Breaches of declared invariants, by invariant. */
  readonly invariantBreaches: Readonly<Record<string, number>>;
  /** Records fetched and not processed yet. */
  readonly buffered: number;
  /** Records committed to its partitions and not processed yet. */
  readonly lag: number;
  /** Keys of each store that the next commit writes. */
  readonly uncommittedKeys: Readonly<Record<string, number>>;
}

/** Counts by task. A task that is made anew after an abort goes on counting where it was. */
export class TaskTally {
  readonly #processed = new Map<string, number>();
  readonly #operators = new Map<string, OperatorTally>();
  #ids: ReadonlySet<string> = new Set();
  /** Of tasks that have gone. */
  #callsBefore = NO_CALLS;
  #created = 0;
  #closed = 0;

  get created(): number {
    return this.#created;
  }

  get closed(): number {
    return this.#closed;
  }

  /** Returns the count, so that it can stand around the call. */
  processed(taskId: string, count: number): number {
    if (count > 0) this.#processed.set(taskId, (this.#processed.get(taskId) ?? 0) + count);
    return count;
  }

  operatorsOf(taskId: string): OperatorTally {
    let operators = this.#operators.get(taskId);
    if (operators === undefined) {
      operators = new OperatorTally();
      this.#operators.set(taskId, operators);
    }
    return operators;
  }

  /** To be told the present tasks after each change of them. */
  note(tasks: readonly Task[]): void {
    const ids = new Set(tasks.map(({ id }) => id));
    for (const id of ids) if (!this.#ids.has(id)) this.#created++;
    for (const id of this.#ids) {
      if (ids.has(id)) continue;
      this.#closed++;
      for (const each of Object.values(callFigures(this.operatorsOf(id), {})))
        this.#callsBefore = addedCalls(this.#callsBefore, each);
      this.#processed.delete(id);
      this.#operators.delete(id);
    }
    this.#ids = ids;
  }

  /** Over all operators, of tasks that have gone too. */
  calls(tasks: readonly Task[]): CallFigures {
    const each = tasks.flatMap(({ id, calls }) => Object.values(callFigures(this.operatorsOf(id), calls.underWay())));
    return each.reduce(addedCalls, this.#callsBefore);
  }

  figures(tasks: readonly Task[], lagOf: (queue: Task['queues'][number]) => number): readonly TaskFigures[] {
    return tasks.map((task) => ({
      taskId: task.id,
      processed: this.#processed.get(task.id) ?? 0,
      dropped: this.operatorsOf(task.id).dropped(),
      skipped: this.operatorsOf(task.id).skippedRecords(),
      outOfOrder: this.operatorsOf(task.id).counted('outOfOrder'),
      suppressionEmits: this.operatorsOf(task.id).counted('suppressionEmit'),
      emitFinalRecords: this.operatorsOf(task.id).counted('emitFinalRecords'),
      calls: callFigures(this.operatorsOf(task.id), task.calls.underWay()),
      invariantBreaches: this.operatorsOf(task.id).counted('invariantBreach'),
      buffered: task.queues.reduce((sum, queue) => sum + queue.size, 0),
      lag: task.queues.reduce((sum, queue) => sum + queue.size + lagOf(queue), 0),
      uncommittedKeys: task.uncommittedKeys(),
    }));
  }
}
