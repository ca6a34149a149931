import { HeadraceError } from '../errors.ts';
import type { Member, PollResult } from '../log/log.ts';
import { AssignedTasks } from './assigned-tasks.ts';
import { CallAnswers } from './async/call-answers.ts';
import { machineTimer } from './async/machine-timer.ts';
import { commit } from './commit.ts';
import { FetchBalance } from './fetch-balance.ts';
import { committedGlobals } from './global-tables.ts';
import { GlobalWorker } from './global-worker.ts';
import { checkIdleAfter } from './idle-ticks.ts';
import { IdleWaiters, isReached, sourceEnds } from './idle-waiters.ts';
import { createInternalTopics } from './internal-topics.ts';
import { COMMIT_CHANGES_MAX, type ProcessOptions, pollWaitMs, processAnswered, processTasks } from './process-tasks.ts';
import { Purges } from './purges.ts';
import { RetryPauses } from './retry-pauses.ts';
import { StoredPlan } from './stored-plan.ts';
import { handledIn, noneCounted } from './task-counters.ts';
import { TaskTally, type WorkerFigures } from './worker-figures.ts';
import type { WorkerMetrics, WorkerOptions } from './worker-options.ts';

export type { WorkerMetrics, WorkerOptions } from './worker-options.ts';

const DEFAULT_MEMBER = 'worker-0';

/** Records asked for in one poll. */
export const POLL_RECORDS_MAX = 10_000;
/** What a stopping worker polls: the records at hand are enough. */
const NOTHING: PollResult = { batches: [] };

/**
 * Runs a topology: poll, process, commit, until stopped. The record path is synchronous; only poll and commit wait
 * (design D1). One worker has one member, one collector and one commit for all of its tasks.
 */
export class Worker {
  readonly #options: WorkerOptions & { readonly member: string };
  readonly #counters = noneCounted();
  readonly #fetchBalance = new FetchBalance();
  readonly #tally = new TaskTally();
  readonly #answers = new CallAnswers();
  #polls = 0;
  #commits = 0;
  #aborts = 0;
  #handledAtCommit = 0;
  #member: Member | undefined;
  #assigned: AssignedTasks | undefined;
  #plan: StoredPlan | undefined;
  readonly #globals: GlobalWorker;
  readonly #idle = new IdleWaiters();
  readonly #purges: Purges;
  #isStopping = false;
  /** Whether an error comes from a commit. */
  #isCommitting = false;
  #hasEnded = false;

  constructor(options: WorkerOptions) {
    this.#options = { ...options, member: options.member ?? DEFAULT_MEMBER };
    const make = (each: WorkerOptions) => new Worker(each);
    this.#globals = new GlobalWorker({ options: this.#options, make, onFailure: () => this.stop() });
    this.#purges = new Purges(options);
  }

  /**
   * Creates the internal topics, joins and works until {@link stop}. Rejects where going on would be wrong: a missing
   * topic, damaged storage, an error of ours. Faults that pass (a refused commit, a full disk, a lost membership) are
   * retried.
   */
  async run(): Promise<void> {
    try {
      const { sleep, onFault = () => {} } = this.#options;
      const pauses = new RetryPauses(sleep);
      const isWanted = () => !this.#isStopping;
      const assigned = await pauses.begun(() => this.#prepare(), { isWanted, onFault });
      this.#assigned = assigned;
      while (assigned !== undefined && !this.#isStopping) {
        try {
          this.#member ??= await this.#join(assigned);
          await this.#work(this.#member, assigned, () => pauses.reset());
        } catch (error) {
          this.#recoverFrom(error, assigned);
          await pauses.wait();
        }
      }
      this.#globals.requireSound();
    } finally {
      await this.#globals.end();
      const member = this.#member;
      this.#member = undefined;
      this.#hasEnded = true;
      this.#assigned?.abandonCalls();
      this.#purges.end();
      this.#idle.end();
      // A log that is closed has no groups to leave; what ended the run is the error to be told.
      await member?.leave().catch(() => undefined);
    }
  }

  /** As if its process were gone: nobody is called about anything any more. */
  abandonCalls(): void {
    this.#assigned?.abandonCalls();
  }

  /** Ends {@link run} after the records at hand are processed and committed. */
  stop(): void {
    this.#isStopping = true;
  }

  /**
   * Resolves when everything committed to the source topics before this call is processed and its results are
   * committed, whatever is sent meanwhile; also when the worker ends.
   */
  async idle(): Promise<void> {
    await this.#globals.idle();
    // Results may be on their way through a repartition topic: each further sub-topology takes another look.
    const { log, topology, application } = this.#options;
    const { subTopologies, repartitionTopics } = topology.plan;
    // A sub-topology may send to itself, as foreign-key joins do: each internal topic is a step as well.
    const rounds = subTopologies.length + repartitionTopics.length;
    for (let round = 0; round < rounds && !this.#hasEnded; round++) {
      const ends = await sourceEnds(log, topology.plan, application, round > 0);
      const assigned = this.#assigned;
      const isKnown = assigned !== undefined && assigned.epoch >= 0 && this.#member?.isSettled !== false;
      const isDone = isKnown && isReached(ends, assigned.committedOffsets);
      if (!isDone) await this.#idle.add(ends);
    }
  }

  /** The partitions of a source topic that it works on now; with several workers in a group others have the rest. */
  partitionsOf(topic: string): readonly number[] {
    return this.#assigned?.partitionsOf(topic) ?? [];
  }

  metrics(): WorkerMetrics {
    let lag = 0;
    for (const queue of this.#assigned?.queues() ?? []) lag += queue.size + (this.#member?.lag(queue) ?? 0);
    const tasks = this.#assigned?.tasks ?? [];
    const counts = { commits: this.#commits, aborts: this.#aborts, tasks: tasks.length };
    return { ...this.#counters, ...counts, lag, calls: this.#tally.calls(tasks) };
  }

  /** The same for each task, and more, as Kafka Streams' metrics have it. */
  figures(): WorkerFigures {
    const { application, member } = this.#options;
    const [counters, tally] = [{ ...this.#counters }, this.#tally];
    const tasks = tally.figures(this.#assigned?.tasks ?? [], (queue) => this.#member?.lag(queue) ?? 0);
    const counts = { polls: this.#polls, commits: this.#commits, aborts: this.#aborts };
    return { application, member, counters, ...counts, tasksCreated: tally.created, tasksClosed: tally.closed, tasks };
  }

  /** Creates the topics that the plan itself needs. */
  async #prepare(): Promise<AssignedTasks> {
    const { log, topology, application, clock, idleAfterMs, inspect, redact = (text: string) => text } = this.#options;
    const { plan } = topology;
    checkIdleAfter(idleAfterMs);
    this.#plan = await StoredPlan.checked({ ...this.#options, plan });
    await this.#globals.begin();
    const topics = await createInternalTopics(log, plan, application, idleAfterMs !== undefined);
    const [policy, counters] = [this.#options, this.#counters];
    const globals = committedGlobals(log, plan, this.#globals.group, topics.partitionsOf);
    const calls = { clock, startTimer: policy.startTimer ?? machineTimer, onAnswered: this.#answers.notify };
    const options = { plan, application, calls, policy, redact, counters, ...topics, globals, idleAfterMs, inspect };
    return new AssignedTasks({ ...options, tally: this.#tally });
  }

  #join(assigned: AssignedTasks): Promise<Member> {
    const { log, application, member } = this.#options;
    const topologyId = this.#plan!.id;
    return log.join({ group: application, member, topologyId, ...assigned.interests });
  }

  /** Poll, process, commit, until stopped; throws on any fault. */
  async #work(member: Member, assigned: AssignedTasks, onCommitted: () => void): Promise<void> {
    const { clock, commitIntervalMs = 100 } = this.#options;
    const working: ProcessOptions = { clock, tally: this.#tally, member, assigned };
    let commitAt = clock() + commitIntervalMs;
    for (;;) {
      const isStopping = this.#isStopping;
      const isDirty = this.#hasUncommitted();
      // Only those who waited before this poll may conclude something from its emptiness.
      const waiters = this.#idle.count;
      if (isStopping) assigned.abandonCalls();
      const untilCommitMs = isDirty ? Math.max(0, commitAt - clock()) : commitIntervalMs;
      const timeoutMs = pollWaitMs(assigned, { untilCommitMs, isDirty, isWatched: waiters > 0 });
      this.#answers.begin(() => {
        if (!this.#hasUncommitted()) commitAt = clock() + commitIntervalMs;
        processAnswered(working);
      });
      let polled = NOTHING;
      try {
        if (!isStopping) polled = await member.poll({ maxRecords: POLL_RECORDS_MAX, timeoutMs });
      } finally {
        this.#answers.end();
      }
      this.#polls++;
      if (polled.assignment !== undefined) {
        this.#reset();
        assigned.assign(polled.assignment, member.state);
        this.#tally.note(assigned.tasks);
      }
      for (const batch of polled.batches) assigned.enqueue(batch);
      // With a new assignment those tasks are gone in which it failed.
      if (polled.assignment === undefined) this.#answers.requireWorked();
      if (!this.#hasUncommitted()) commitAt = clock() + commitIntervalMs;

      processTasks(working, commitAt, clock());
      this.#fetchBalance.balance(member, assigned.queues());

      const isEmpty =
        polled.batches.length === 0 && polled.assignment === undefined && !assigned.hasWork() && !assigned.awaitsCalls;
      const isIdle = isStopping || isEmpty;
      // A clock that was set back must not put the commit off.
      const isDue =
        clock() >= commitAt || commitAt - clock() > commitIntervalMs || assigned.changes() >= COMMIT_CHANGES_MAX;
      if (this.#hasUncommitted() && (isDue || isStopping || (isIdle && waiters > 0))) {
        await this.#commit(member, assigned);
        onCommitted();
        commitAt = clock() + commitIntervalMs;
      } else if (isIdle && isStopping) return;
      this.#purges.look(assigned);
      // Before an assignment is handed out nothing is known of what there is to do.
      if (waiters > 0 && assigned.epoch >= 0 && member.isSettled !== false)
        this.#idle.answer(waiters, member, assigned, this.#hasUncommitted());
    }
  }

  async #commit(member: Member, assigned: AssignedTasks): Promise<void> {
    const { onStep = () => {} } = this.#options;
    const { epoch, tasks, collector } = assigned;
    this.#isCommitting = true;
    const offsets = await commit(member, epoch, tasks, collector, onStep, this.#plan?.changes());
    this.#isCommitting = false;
    this.#plan?.noteCommitted();
    assigned.noteCommitted(offsets);
    this.#commits++;
    this.#handledAtCommit = handledIn(this.#counters);
  }

  /** After a fault: what can pass is retried from the committed offsets, the rest ends the worker. */
  #recoverFrom(error: unknown, assigned: AssignedTasks): void {
    if (!(error instanceof HeadraceError)) throw error;
    const member = this.#member;
    switch (error.code) {
      case 'COMMIT_REFUSED':
      case 'STORAGE_FULL':
      case 'LOG_BACKPRESSURE':
      case 'SCHEMA_UNAVAILABLE':
        if (member !== undefined) {
          member.resume([...assigned.queues()]);
          for (const committed of assigned.committedOffsets) member.seek(committed, committed.offset);
          assigned.rebuild(member.state);
        }
        break;
      // The brokers went away while it was joining anew.
      case 'KAFKA_UNAVAILABLE':
      case 'MEMBER_FENCED':
      case 'COMMIT_UNKNOWN':
        // After a commit of an older epoch the member is still in its group, and its next poll brings the assignment: to leave would
        // move everybody's partitions once more. One that is out says so at that poll; and after an unknown outcome another one
        // reads the offsets anew.
        if (!this.#isCommitting || error.code === 'COMMIT_UNKNOWN') {
          this.#member = undefined;
          member?.leave().catch(() => undefined);
        }
        assigned.drop();
        this.#tally.note([]);
        break;
      default:
        throw error;
    }
    this.#isCommitting = false;
    this.#reset();
    this.#aborts++;
    this.#options.onFault?.(error);
  }

  /** The tasks were made anew: nothing is uncommitted and nothing is paused. */
  #reset(): void {
    this.#fetchBalance.reset();
    this.#handledAtCommit = handledIn(this.#counters);
  }

  #hasUncommitted(): boolean {
    return handledIn(this.#counters) > this.#handledAtCommit;
  }
}
