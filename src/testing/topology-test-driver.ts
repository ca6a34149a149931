import { HeadraceError } from '../errors.ts';
import { partitionFor } from '../log/partitioner.ts';
import { NO_HEADERS } from '../log/record.ts';
import { RecordBuffer } from '../log/record-buffer.ts';
import { apply, seal } from '../runtime/commit.ts';
import { deadLetterTopic, type Redact } from '../runtime/dead-letter.ts';
import type { ErrorPolicy } from '../runtime/error-handlers.ts';
import { type GlobalTables, globalsIn, planOfGlobals } from '../runtime/global-tables.ts';
import { idleTickTopic } from '../runtime/idle-tick.ts';
import { OperatorTally } from '../runtime/operator-tally.ts';
import { resolvePartitions, topicNamer } from '../runtime/partitions.ts';
import { RecordCollector } from '../runtime/record-collector.ts';
import type { OnSkipped, SkippedRecords } from '../runtime/skip-reason.ts';
import { Task } from '../runtime/task.ts';
import { noneCounted, type TaskCounters } from '../runtime/task-counters.ts';
import type { Serde } from '../serde/serde.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import type { Topology } from '../streams/topology/topology.ts';
import { MemoryState } from './memory-state.ts';
import { MemoryTopics } from './memory-topics.ts';
import { type StoreView, viewOf } from './store-view.ts';
import { type PipeOptions, TestInputTopic, TestOutputTopic } from './test-topics.ts';

export interface TopologyTestDriverOptions extends ErrorPolicy {
  /** Partitions of every topic, or of each by name (others get 1). */
  readonly partitions?: number | Readonly<Record<string, number>>;
  readonly application?: string;
  /** The driver's clock at the start, milliseconds since 1970. It stands still but for {@link TopologyTestDriver.advanceTime}. */
  readonly startTimeMs?: number;
  /** `each` (the default) commits after every record piped; `manual` waits for {@link TopologyTestDriver.commit}. */
  readonly commit?: 'each' | 'manual';
  readonly redact?: Redact;
  /** As a worker's: with it {@link TopologyTestDriver.advanceTime} lets the time of silent tasks pass. */
  readonly idleAfterMs?: number;
}

/**
 * Runs a topology without a log: the very tasks that a worker runs, over topics in memory. Everything is synchronous.
 *
 * ```ts
 * const driver = new TopologyTestDriver(topology, { partitions: 4 });
 * const words = driver.inputTopic('words', { key: stringSerde, value: stringSerde });
 * const counts = driver.outputTopic('word-counts', { key: stringSerde, value: countSerde });
 * words.pipe(null, 'to');
 * words.pipe(null, 'to');
 * expect(counts.readKeyValues()).toEqual([['to', 1], ['to', 2]]);
 * ```
 */
export class TopologyTestDriver {
  readonly #topology: Topology;
  readonly #options: TopologyTestDriverOptions;
  readonly #topicName: ReturnType<typeof topicNamer>;
  readonly #topics = new MemoryTopics();
  readonly #state = new MemoryState();
  readonly #committed = new Map<string, number>();
  #tasks: Task[] = [];
  #collector: RecordCollector;
  readonly #counters: TaskCounters = noneCounted();
  readonly #tally = new OperatorTally();
  #now: number;

  constructor(topology: Topology, options: TopologyTestDriverOptions = {}) {
    this.#topology = topology;
    this.#options = options;
    this.#now = options.startTimeMs ?? 0;
    const application = options.application ?? 'test';
    this.#topicName = topicNamer(application);
    const { plan } = topology;
    for (const { sources, nodes } of [...plan.subTopologies, ...plan.globalTables]) {
      const sinks = nodes.filter((node) => node.kind === 'sink');
      for (const { topic } of [...sources, ...sinks]) {
        if (!topic.isInternal) this.#topics.add(topic.name, this.#partitionsOf(topic.name));
      }
    }
    const globals = planOfGlobals(plan);
    for (const each of globals === undefined ? [plan] : [plan, globals]) {
      for (const [name, partitions] of resolvePartitions(each, application, this.#topics.configs())) {
        this.#topics.add(name, partitions);
        this.#topics.add(deadLetterTopic(name), partitions);
      }
    }
    for (const subTopology of options.idleAfterMs === undefined ? [] : plan.subTopologies) {
      const partitions = this.#topics.partitionsOf(this.#topicName(subTopology.sources[0]!.topic))!;
      this.#topics.add(idleTickTopic(application, subTopology), partitions);
    }
    this.#collector = this.#start();
  }

  /** A topic that the topology reads. Throws TOPIC_UNKNOWN. */
  inputTopic<K, V>(topic: string, serdes: { readonly key: Serde<K>; readonly value: Serde<V> }): TestInputTopic<K, V> {
    this.#topics.get(topic);
    return new TestInputTopic(serdes.key, serdes.value, (key, value, options) =>
      this.#pipe(topic, key, value, options),
    );
  }

  /** A topic that the topology writes, or any other of it, its dead letters too. Throws TOPIC_UNKNOWN. */
  outputTopic<K, V>(
    topic: string,
    serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
  ): TestOutputTopic<K, V> {
    this.#topics.get(topic);
    return new TestOutputTopic(serdes.key, serdes.value, () => this.#topics.take(topic));
  }

  /**
   * The committed entries of a store, partition after partition: in the order of the serialised keys, those of windows (under
   * windowed keys) and of suppress operators in the order of time.
   */
  storeEntries<K, V>(store: string): readonly (readonly [K, V])[] {
    // The test says what types its own store has.
    return this.#stores(store).flatMap((partition) => [...partition.range()] as (readonly [K, V])[]);
  }

  /** The committed value of a key, from whichever partition has it. */
  storeValue<K, V>(store: string, key: K): V | undefined {
    for (const partition of this.#stores(store)) {
      const value = partition.get(key) ?? undefined;
      if (value !== undefined) return value as V;
    }
    return undefined;
  }

  /** Commits, and processes what the commit brought to topics that the topology itself reads, to the end. */
  commit(): void {
    for (;;) {
      this.#process();
      for (const task of this.#tasks) task.flush();
      const transaction = seal(0, this.#tasks, this.#collector);
      const appended = this.#topics.append(transaction.records);
      this.#state.apply(transaction.stateChanges);
      for (const { topic, partition, offset } of transaction.offsets)
        this.#committed.set(keyOf(topic, partition), offset);
      apply(this.#tasks, this.#collector);
      // Each of them, whatever the others bring.
      const fed = appended.filter(({ topic, partition, from }) => this.#feed(topic, partition, from));
      if (fed.length === 0) return;
    }
  }

  /** As if the process died here: what was not committed is gone, and everything starts again from the committed offsets. */
  crash(): void {
    this.#collector = this.#start();
    for (const { topic, partition } of this.#topics.all()) {
      this.#feed(topic, partition, this.#committed.get(keyOf(topic, partition)) ?? 0);
    }
    this.#process();
    if (this.#options.commit !== 'manual') this.commit();
  }

  /** Moves the driver's clock, and punctuates what is due by it. */
  advanceTime(milliseconds: number): void {
    this.#now += milliseconds;
    this.#punctuate();
    if (this.#options.commit !== 'manual') this.commit();
  }

  #punctuate(): void {
    for (const task of this.#tasks) {
      task.punctuateWallClock(this.#now);
      task.tickIdle(this.#now, () => true);
    }
  }

  /** Processed and skipped records and dead letters so far; records processed again after a crash count again. */
  get counters(): Readonly<TaskCounters> {
    return { ...this.#counters };
  }

  /** What operators skipped by their rules so far, by operator and reason; `counters.skipped` is the sum. */
  get skipped(): readonly SkippedRecords[] {
    return this.#tally.skippedRecords();
  }

  /** Records that came behind the time of an operator, by operator; they are not skipped unless they are late as well. */
  get outOfOrder(): Readonly<Record<string, number>> {
    return this.#tally.counted('outOfOrder');
  }

  /** Breaches of the topology's invariants so far, by invariant; those that were never breached have 0. */
  get invariantBreaches(): Readonly<Record<string, number>> {
    return this.#tally.counted('invariantBreach');
  }

  #pipe(topic: string, key: Uint8Array | null, value: Uint8Array | null, options: PipeOptions): void {
    const { partitions } = this.#topics.get(topic);
    const partition = options.partition ?? partitionFor(key, partitions.length);
    const target = partitions[partition];
    if (target === undefined) {
      throw new HeadraceError(
        'PARTITION_UNKNOWN',
        `Topic ${topic} has ${partitions.length} partitions, there is no partition ${partition}`,
      );
    }
    const buffer = new RecordBuffer();
    buffer.append(options.timestamp ?? this.#now, key, value, options.headers ?? NO_HEADERS);
    const offset = target.end;
    target.append(buffer);
    this.#feed(topic, partition, offset);
    this.#process();
    if (this.#options.commit !== 'manual') this.commit();
  }

  /** Hands the records from an offset on to the task that reads them; false where there is none. */
  #feed(topic: string, partition: number, from: number): boolean {
    const task = this.#tasks.find((each) =>
      each.queues.some((queue) => queue.topic === topic && queue.partition === partition),
    );
    const batches = this.#topics.get(topic).partitions[partition]!.from(from);
    for (const batch of batches) task?.enqueue(batch);
    return task !== undefined && batches.length > 0;
  }

  #process(): void {
    let done: number;
    do {
      done = 0;
      for (const task of this.#tasks) done += this.#processAll(task);
    } while (done > 0);
  }

  /** Where each record is committed, cached tables hold nothing back beyond it. */
  #processAll(task: Task): number {
    if (this.#options.commit === 'manual') return task.process(Number.MAX_SAFE_INTEGER, () => true);
    let done = 0;
    while (task.process(1, () => true) > 0) {
      task.flush();
      done++;
    }
    return done;
  }

  #start(): RecordCollector {
    const partitionsOf = (topic: string) => this.#topics.partitionsOf(topic);
    const collector = new RecordCollector({ partitionsOf });
    const { plan } = this.#topology;
    const globals = globalsIn(plan, (store, partition) => this.#state.partition(store, partition), partitionsOf);
    this.#tasks = [...plan.globalTables, ...plan.subTopologies].flatMap((subTopology) =>
      this.#topics
        .get(this.#topicName(subTopology.sources[0]!.topic))
        .partitions.map((_, partition) => this.#task(subTopology, partition, collector, globals)),
    );
    this.#punctuate();
    return collector;
  }

  #task(subTopology: SubTopology, partition: number, collector: RecordCollector, globals: GlobalTables): Task {
    const { application = 'test', redact = (text) => text, idleAfterMs } = this.#options;
    const isSilenced = idleAfterMs === undefined || this.#topology.plan.globalTables.includes(subTopology);
    const idleTicks = isSilenced ? undefined : { topic: idleTickTopic(application, subTopology), afterMs: idleAfterMs };
    const topics = subTopology.sources.map((source) => this.#topicName(source.topic));
    if (idleTicks !== undefined) topics.push(idleTicks.topic);
    const positions = new Map(topics.map((topic) => [topic, this.#committed.get(keyOf(topic, partition)) ?? 0]));
    const [topicName, policy, state, counters] = [this.#topicName, this.#options, this.#state, this.#counters];
    const partitionsOf = (topic: string) => this.#topics.partitionsOf(topic);
    const place = { subTopology, partition, application, topicName, positions, state, partitionsOf };
    const tally = this.#tally;
    const onSkippedBy: OnSkipped = (operator, reason) => tally.skipped(operator, reason);
    return new Task({ ...place, globals, collector, policy, redact, counters, onSkippedBy, tally, idleTicks });
  }

  #stores(name: string): readonly StoreView[] {
    const { plan } = this.#topology;
    for (const { stores, sources } of [...plan.subTopologies, ...plan.globalTables]) {
      const found = stores.find((store) => store.name === name);
      if (found === undefined) continue;
      return this.#topics.get(this.#topicName(sources[0]!.topic)).partitions.map((_, partition) => {
        return viewOf(found, new WriteBuffer(name, partition, this.#state.partition(name, partition)));
      });
    }
    throw new HeadraceError('STORE_UNKNOWN', `The topology has no store ${name}`);
  }

  #partitionsOf(topic: string): number {
    const { partitions } = this.#options;
    if (typeof partitions === 'number') return partitions;
    return partitions !== undefined && Object.hasOwn(partitions, topic) ? partitions[topic]! : 1;
  }
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
