import type { Assignment, CommittedState, GroupOffset, Membership } from '../log/log.ts';
import type { TopicPartition } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { Plan, SubTopology } from '../streams/topology/plan.ts';
import type { TaskCallsTiming } from './async/task-calls.ts';
import { changelogsOf } from './changelogs.ts';
import type { Redact } from './dead-letter.ts';
import type { ErrorPolicy } from './error-handlers.ts';
import type { GlobalTables } from './global-tables.ts';
import { idleTickTopic } from './idle-tick.ts';
import type { KnownTopics } from './internal-topics.ts';
import { topicNamer } from './partitions.ts';
import { RecordCollector } from './record-collector.ts';
import type { RecordQueue } from './record-queue.ts';
import type { OnSkipped } from './skip-reason.ts';
import { Task } from './task.ts';
import type { TaskCounters } from './task-counters.ts';
import type { Inspect } from './task-inspector.ts';
import type { TaskTally } from './worker-figures.ts';

export interface AssignedTasksOptions extends KnownTopics {
  readonly plan: Plan;
  readonly application: string;
  readonly policy: ErrorPolicy;
  readonly redact: Redact;
  readonly counters: TaskCounters;
  readonly tally?: TaskTally;
  readonly globals: GlobalTables;
  readonly calls: TaskCallsTiming;
  /** How long a task must be silent for its time to pass without records; see IdleTicks. */
  readonly idleAfterMs?: number | undefined;
  readonly inspect?: Inspect | undefined;
}

const NO_ASSIGNMENT: Assignment = { epoch: -1, partitions: [] };

/**
 * The tasks of a worker under its present assignment, the collector that they share, and the offsets that are committed
 * for them. Tasks are dropped and made anew as a whole: what they had not committed goes with them.
 */
export class AssignedTasks {
  readonly #options: AssignedTasksOptions;
  readonly #subTopologyOf = new Map<string, SubTopology>();
  readonly #topicName: ReturnType<typeof topicNamer>;
  readonly #tickTopics = new Map<SubTopology, string>();
  #assignment = NO_ASSIGNMENT;
  #committed = new Map<string, GroupOffset>();
  #tasks = new Map<string, Task>();
  #collector: RecordCollector;

  /** Throws TOPIC_UNKNOWN where the plan writes to a topic that does not exist. */
  constructor(options: AssignedTasksOptions) {
    this.#options = options;
    this.#topicName = topicNamer(options.application);
    this.#collector = new RecordCollector(options);
    for (const subTopology of options.plan.subTopologies) {
      for (const source of subTopology.sources) this.#subTopologyOf.set(this.#topicName(source.topic), subTopology);
      if (options.idleAfterMs !== undefined) {
        const topic = idleTickTopic(options.application, subTopology);
        this.#tickTopics.set(subTopology, topic);
        this.#subTopologyOf.set(topic, subTopology);
      }
      for (const node of subTopology.nodes) {
        if (node.kind === 'sink') this.#collector.output(this.#topicName(node.topic));
      }
    }
  }

  /** For joining the group: the co-partitioned source topics of each sub-topology, and the stores that hang on each. */
  get interests(): Required<Pick<Membership, 'topicSets' | 'changelogs'>> {
    const { plan, application } = this.#options;
    return {
      topicSets: plan.subTopologies.map((subTopology) => this.#topicsOf(subTopology)),
      changelogs: changelogsOf(plan, application),
    };
  }

  #topicsOf(subTopology: SubTopology): readonly string[] {
    const sources = subTopology.sources.map((source) => this.#topicName(source.topic));
    const ticks = this.#tickTopics.get(subTopology);
    return ticks === undefined ? sources : [...sources, ticks];
  }

  get epoch(): number {
    return this.#assignment.epoch;
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  /** The partitions of a source topic that are assigned. */
  partitionsOf(topic: string): readonly number[] {
    return this.#assignment.partitions.flatMap((each) => (each.topic === topic ? [each.partition] : []));
  }

  get collector(): RecordCollector {
    return this.#collector;
  }

  /** Where each assigned partition goes on after an abort. */
  get committedOffsets(): readonly GroupOffset[] {
    return [...this.#committed.values()];
  }

  *queues(): IterableIterator<RecordQueue> {
    for (const task of this.#tasks.values()) yield* task.queues;
  }

  assign(assignment: Assignment, state: CommittedState): void {
    this.#assignment = assignment;
    this.#committed = new Map(assignment.partitions.map((each) => [keyOf(each), each]));
    this.rebuild(state);
  }

  /** Calls under way are given up, and none is begun any more: they are made again by who has the partitions next. */
  abandonCalls(): void {
    for (const task of this.#tasks.values()) task.calls.abandon();
  }

  /** Whether records at hand wait for calls. */
  get awaitsCalls(): boolean {
    for (const task of this.#tasks.values()) if (task.calls.isWaiting) return true;
    return false;
  }

  /** Forgets the assignment and all tasks. */
  drop(): void {
    this.abandonCalls();
    this.#assignment = NO_ASSIGNMENT;
    this.#tasks = new Map();
    this.#collector = new RecordCollector(this.#options);
  }

  /** Makes all tasks anew from the committed state and offsets. */
  rebuild(state: CommittedState): void {
    const { application, policy, redact, counters, globals, calls, idleAfterMs, partitionsOf, inspect } = this.#options;
    this.abandonCalls();
    this.#collector = new RecordCollector(this.#options);
    this.#tasks = new Map();
    const [topicName, collector] = [this.#topicName, this.#collector];
    for (const { topic, partition } of this.#assignment.partitions) {
      const subTopology = this.#subTopologyOf.get(topic)!;
      const id = `${subTopology.id}_${partition}`;
      if (this.#tasks.has(id)) continue;
      const positions = new Map(
        this.#topicsOf(subTopology).map(
          (name) => [name, this.#committed.get(keyOf({ topic: name, partition }))!.offset] as const,
        ),
      );
      const tickTopic = this.#tickTopics.get(subTopology);
      const idleTicks = tickTopic === undefined ? undefined : { topic: tickTopic, afterMs: idleAfterMs! };
      const place = { subTopology, partition, application, topicName, positions, state, partitionsOf };
      const tally = this.#options.tally?.operatorsOf(id);
      const onSkippedBy: OnSkipped = (operator, reason) => tally?.skipped(operator, reason);
      this.#tasks.set(
        id,
        new Task({
          ...place,
          globals,
          calls,
          collector,
          policy,
          redact,
          counters,
          onSkippedBy,
          tally,
          idleTicks,
          inspect,
        }),
      );
    }
  }

  /** Hands a fetched batch to its task; one of an older epoch is dropped. */
  enqueue(batch: RecordBatch): void {
    if (batch.epoch !== this.#assignment.epoch) return;
    this.#tasks.get(`${this.#subTopologyOf.get(batch.topic)!.id}_${batch.partition}`)?.enqueue(batch);
  }

  noteCommitted(offsets: readonly GroupOffset[]): void {
    for (const offset of offsets) this.#committed.set(keyOf(offset), offset);
  }

  /** Whether a record at hand could be processed now: none of a task could where one waits for its call, which may come before it. */
  hasWork(): boolean {
    for (const { queues, calls } of this.#tasks.values()) {
      if (!calls.isWaiting && queues.some(({ hasHead }) => hasHead)) return true;
    }
    return false;
  }

  /** How much a commit would carry: changed keys and outgoing records. */
  changes(): number {
    let changes = this.#collector.count;
    for (const task of this.#tasks.values()) changes += task.changedKeys;
    return changes;
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}
