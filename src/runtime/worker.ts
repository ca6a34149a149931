import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { Assignment, GroupOffset, Log, Member, PollResult, TopicConfig } from '../log/log.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import type { Topology } from '../streams/topology/topology.ts';
import { commit, type OnCommitStep } from './commit.ts';
import { deadLetterTopic, type Redact } from './dead-letter.ts';
import { resolvePartitions, topicNamer } from './partitions.ts';
import { RecordCollector } from './record-collector.ts';
import { Task, type TaskCounters } from './task.ts';

export interface WorkerOptions {
  readonly log: Log;
  readonly topology: Topology;
  /** Names the group, the state and the internal topics. */
  readonly application: string;
  /** Names this worker over restarts. */
  readonly member?: string;
  readonly clock: Clock;
  readonly commitIntervalMs?: number;
  readonly redact?: Redact;
  readonly onStep?: OnCommitStep;
  /** Told of each abort and rejoin, with its cause; the worker goes on. */
  readonly onFault?: (error: HeadraceError) => void;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

export interface WorkerMetrics {
  readonly processed: number;
  readonly deadLetters: number;
  readonly skipped: number;
  readonly commits: number;
  readonly aborts: number;
  readonly tasks: number;
  /** Records committed to the source topics and not processed yet. */
  readonly lag: number;
}

/** Records asked for in one poll. */
export const POLL_RECORDS_MAX = 10_000;
/** Records processed between two looks at the clock. */
const PROCESS_RECORDS_MAX = 2_000;
/** A commit is made before its time when the changes have grown to this many keys and outgoing records. */
const COMMIT_CHANGES_MAX = 400_000;
/** A source partition with this many records waiting is not fetched further. */
const QUEUED_RECORDS_MAX = 20_000;
/** With nothing to commit, how long a poll waits. */
const IDLE_POLL_MS = 500;
/** Between tries after an abort: doubled each time up to the greatest. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 5_000;
/** Repartition topics are consumed by this application alone, and kept this long after intake. */
const REPARTITION_RETENTION_MS = 3_600_000;

/** What a stopping worker polls: the records at hand are enough. */
const NOTHING: PollResult = { batches: [] };

/**
 * Runs a topology: poll, process, commit, until stopped. The record path is synchronous; only poll and commit wait
 * (design D1). One worker has one member, one collector and one commit for all of its tasks.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #counters: TaskCounters = { processed: 0, deadLetters: 0, skipped: 0 };
  #commits = 0;
  #aborts = 0;
  #member: Member | undefined;
  #collector: RecordCollector;
  #tasks = new Map<string, Task>();
  #subTopologyOf = new Map<string, SubTopology>();
  #partitionsOf = new Map<string, number>();
  #assignment: Assignment = { epoch: -1, partitions: [] };
  /** What is committed of each assigned partition, by topic and partition. */
  #committed = new Map<string, GroupOffset>();
  #paused = new Set<string>();
  #isStopping = false;
  #processedAtCommit = 0;
  #idleWaiters: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#collector = this.#newCollector();
  }

  /**
   * Creates the internal topics, joins and works until {@link stop}. Rejects where going on would be wrong: a missing
   * topic, damaged storage, an error of ours. Faults that pass (a refused commit, a full disk, a lost membership) are retried.
   */
  async run(): Promise<void> {
    await this.#prepare();
    try {
      let retryMs = RETRY_MIN_MS;
      while (!this.#isStopping) {
        try {
          await this.#join();
          await this.#work(() => {
            retryMs = RETRY_MIN_MS;
          });
        } catch (error) {
          this.#recoverFrom(error);
          await this.#sleep(retryMs);
          retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
        }
      }
    } finally {
      await this.#leave();
      this.#resolveIdle(this.#idleWaiters.length);
    }
  }

  /** Ends {@link run} after the records at hand are processed and committed. */
  stop(): void {
    this.#isStopping = true;
  }

  /**
   * Resolves when everything committed to the source topics before this call is processed and its results are
   * committed; also when the worker ends.
   */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  metrics(): WorkerMetrics {
    let lag = 0;
    for (const task of this.#tasks.values()) {
      for (const queue of task.queues) lag += queue.size + (this.#member?.lag(queue) ?? 0);
    }
    return { ...this.#counters, commits: this.#commits, aborts: this.#aborts, tasks: this.#tasks.size, lag };
  }

  async #prepare(): Promise<void> {
    const { log, topology, application } = this.#options;
    const { plan } = topology;
    const existing = new Map((await log.topics()).map((topic) => [topic.name, topic]));
    const resolved = resolvePartitions(plan, application, existing);
    const nameOf = topicNamer(application);
    const create: TopicConfig[] = [];
    for (const { name } of plan.repartitionTopics) {
      const full = `${application}-${name}`;
      create.push({
        name: full,
        partitions: resolved.get(full)!,
        cleanup: 'delete',
        retentionMs: REPARTITION_RETENTION_MS,
        retentionBytes: -1,
      });
    }
    for (const [topic, partitions] of resolved) {
      const letters = deadLetterTopic(topic);
      if (!existing.has(letters))
        create.push({ name: letters, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 });
    }
    await log.createTopics(create);
    this.#partitionsOf = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]));
    for (const subTopology of plan.subTopologies) {
      for (const source of subTopology.sources) this.#subTopologyOf.set(nameOf(source.topic), subTopology);
      for (const node of subTopology.nodes) if (node.kind === 'sink') this.#collector.output(nameOf(node.topic));
    }
  }

  async #join(): Promise<void> {
    if (this.#member !== undefined) return;
    const { log, topology, application, member } = this.#options;
    const nameOf = topicNamer(application);
    const topicSets = topology.plan.subTopologies.map((each) => each.sources.map((source) => nameOf(source.topic)));
    this.#member = await log.join({ group: application, member: member ?? 'worker-0', topicSets });
  }

  /** Poll, process, commit, until stopped; throws on any fault. */
  async #work(onCommitted: () => void): Promise<void> {
    const { clock, commitIntervalMs = 100 } = this.#options;
    const member = this.#member!;
    let commitAt = clock() + commitIntervalMs;
    for (;;) {
      const isStopping = this.#isStopping;
      const isDirty = this.#hasUncommitted();
      // Only those who waited before this poll may conclude something from its emptiness.
      const waiters = this.#idleWaiters.length;
      const mayWait = !this.#hasWork() && waiters === 0;
      const timeoutMs = mayWait ? (isDirty ? Math.max(0, commitAt - clock()) : IDLE_POLL_MS) : 0;
      const polled = isStopping ? NOTHING : await member.poll({ maxRecords: POLL_RECORDS_MAX, timeoutMs });
      if (polled.assignment !== undefined) this.#assign(polled.assignment);
      for (const batch of polled.batches) {
        if (batch.epoch === this.#assignment.epoch) this.#taskOf(batch.topic, batch.partition)?.enqueue(batch);
      }
      if (!isDirty) commitAt = clock() + commitIntervalMs;

      this.#process(commitAt);
      this.#balanceFetching();

      const isIdle =
        polled === NOTHING || (polled.batches.length === 0 && polled.assignment === undefined && !this.#hasWork());
      const isDue =
        clock() >= commitAt || this.#changes() >= COMMIT_CHANGES_MAX || isStopping || (isIdle && waiters > 0);
      if (isDue && this.#hasUncommitted()) {
        await this.#commit();
        onCommitted();
        commitAt = clock() + commitIntervalMs;
      } else if (isIdle) {
        if (isStopping) return;
        this.#resolveIdle(waiters);
      }
    }
  }

  #process(until: number): void {
    const member = this.#member!;
    const { clock } = this.#options;
    for (;;) {
      let done = 0;
      for (const task of this.#tasks.values())
        done += task.process(PROCESS_RECORDS_MAX, (queue) => member.isCaughtUp(queue));
      if (done === 0 || clock() >= until || this.#changes() >= COMMIT_CHANGES_MAX) return;
    }
  }

  async #commit(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    const offsets = await commit(
      this.#member!,
      this.#assignment.epoch,
      tasks,
      this.#collector,
      this.#options.onStep ?? (() => {}),
    );
    for (const offset of offsets) this.#committed.set(keyOf(offset.topic, offset.partition), offset);
    this.#commits++;
    this.#processedAtCommit = this.#counters.processed + this.#counters.deadLetters;
  }

  /** New tasks for a new assignment; what was not committed under the old one is dropped with its tasks. */
  #assign(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#committed = new Map(assignment.partitions.map((each) => [keyOf(each.topic, each.partition), each]));
    this.#makeTasks();
  }

  #makeTasks(): void {
    const { application, redact = (text) => text } = this.#options;
    const topicName = topicNamer(application);
    this.#collector = this.#newCollector();
    this.#tasks = new Map();
    this.#paused = new Set();
    this.#processedAtCommit = this.#counters.processed + this.#counters.deadLetters;
    for (const { topic, partition } of this.#assignment.partitions) {
      const subTopology = this.#subTopologyOf.get(topic)!;
      const id = `${subTopology.id}_${partition}`;
      if (this.#tasks.has(id)) continue;
      const positions = new Map(
        subTopology.sources.map((source) => [
          topicName(source.topic),
          this.#committed.get(keyOf(topicName(source.topic), partition))!.offset,
        ]),
      );
      const [state, collector, counters] = [this.#member!.state, this.#collector, this.#counters];
      this.#tasks.set(
        id,
        new Task({ subTopology, partition, topicName, positions, state, collector, redact, counters }),
      );
    }
  }

  /** After a fault: what can pass is retried from the committed offsets, the rest ends the worker. */
  #recoverFrom(error: unknown): void {
    if (!(error instanceof HeadraceError)) throw error;
    switch (error.code) {
      case 'COMMIT_REFUSED':
      case 'STORAGE_FULL':
      case 'LOG_BACKPRESSURE': {
        this.#abort(error);
        const member = this.#member;
        if (member === undefined) return;
        member.resume(this.#assignment.partitions);
        for (const offset of this.#committed.values()) member.seek(offset, offset.offset);
        this.#makeTasks();
        return;
      }
      case 'MEMBER_FENCED':
      case 'COMMIT_UNKNOWN':
        this.#abort(error);
        this.#member = undefined;
        this.#tasks = new Map();
        this.#assignment = { epoch: -1, partitions: [] };
        return;
      default:
        throw error;
    }
  }

  #abort(error: HeadraceError): void {
    this.#aborts++;
    this.#collector.clear();
    this.#options.onFault?.(error);
  }

  /** Partitions with a full queue are paused, and resumed when it has gone down to half. */
  #balanceFetching(): void {
    const member = this.#member!;
    for (const task of this.#tasks.values()) {
      for (const queue of task.queues) {
        const key = keyOf(queue.topic, queue.partition);
        const isPaused = this.#paused.has(key);
        if (!isPaused && queue.size >= QUEUED_RECORDS_MAX) {
          this.#paused.add(key);
          member.pause([queue]);
        } else if (isPaused && queue.size <= QUEUED_RECORDS_MAX / 2) {
          this.#paused.delete(key);
          member.resume([queue]);
        }
      }
    }
  }

  #newCollector(): RecordCollector {
    return new RecordCollector((topic) => this.#partitionsOf.get(topic));
  }

  #taskOf(topic: string, partition: number): Task | undefined {
    return this.#tasks.get(`${this.#subTopologyOf.get(topic)!.id}_${partition}`);
  }

  /** Whether a record at hand could be processed now. */
  #hasWork(): boolean {
    for (const task of this.#tasks.values()) if (task.queues.some((queue) => queue.hasHead)) return true;
    return false;
  }

  #hasUncommitted(): boolean {
    return this.#counters.processed + this.#counters.deadLetters > this.#processedAtCommit;
  }

  #changes(): number {
    let changes = this.#collector.count;
    for (const task of this.#tasks.values()) changes += task.changedKeys;
    return changes;
  }

  #resolveIdle(count: number): void {
    for (const resolve of this.#idleWaiters.splice(0, count)) resolve();
  }

  async #leave(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    await member?.leave();
  }

  #sleep(milliseconds: number): Promise<void> {
    return this.#options.sleep?.(milliseconds) ?? new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
