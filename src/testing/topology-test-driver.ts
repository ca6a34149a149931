import { HeadraceError } from '../errors.ts';
import { partitionFor } from '../log/partitioner.ts';
import { NO_HEADERS } from '../log/record.ts';
import { RecordBuffer } from '../log/record-buffer.ts';
import { apply, seal } from '../runtime/commit.ts';
import { type GlobalTables, globalsIn } from '../runtime/global-tables.ts';
import { idleTickTopic } from '../runtime/idle-tick.ts';
import type { IsCaughtUp } from '../runtime/idle-ticks.ts';
import { OperatorTally } from '../runtime/operator-tally.ts';
import { topicNamer } from '../runtime/partitions.ts';
import { RecordCollector } from '../runtime/record-collector.ts';
import type { OnSkipped, SkippedRecords } from '../runtime/skip-reason.ts';
import { Task } from '../runtime/task.ts';
import { noneCounted, type TaskCounters } from '../runtime/task-counters.ts';
import type { Serde } from '../serde/serde.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import type { Topology } from '../streams/topology/topology.ts';
import { committedStores } from './committed-stores.ts';
import { MemoryState } from './memory-state.ts';
import { MemoryTopics } from './memory-topics.ts';
import type { StoreView } from './store-view.ts';
import { TestTimers } from './test-timers.ts';
import { type PipeOptions, TestInputTopic, TestOutputTopic } from './test-topics.ts';
import { addTopics } from './tested-topics.ts';
import type { TopologyTestDriverOptions } from './topology-test-driver-options.ts';

export type { TopologyTestDriverOptions } from './topology-test-driver-options.ts';

/** Turns of the event loop in which nothing has come: by then what can be answered without time passing is answered. */
const QUIET_TURNS = 3;

/** All that was piped is at hand; what waits for a call is like what is not. */
const isCaughtUp: IsCaughtUp = (queue) => !queue.isWaiting;

/**
 * Runs a topology without a log: the very tasks that a worker runs, over topics in memory. Everything is synchronous, but
 * for the calls of `callAsync`: {@link TopologyTestDriver.settle} waits for these.
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
  readonly #timers = new TestTimers(() => this.#now);
  #now: number;

  constructor(topology: Topology, options: TopologyTestDriverOptions = {}) {
    this.#topology = topology;
    this.#options = options;
    this.#now = options.startTimeMs ?? 0;
    const application = options.application ?? 'test';
    this.#topicName = topicNamer(application);
    addTopics(this.#topics, topology.plan, options, application);
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

  /** Moves the driver's clock, and punctuates what is due by it; time limits and pauses of calls pass in their order, each at its own time. */
  advanceTime(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (let due = this.#timers.nextMs; due <= until; due = this.#timers.nextMs) {
      this.#now = Math.max(this.#now, due);
      this.#timers.fire();
    }
    this.#now = until;
    this.#punctuate();
    this.#process();
    if (this.#options.commit !== 'manual') this.commit();
  }

  /**
   * Waits for the calls of `callAsync`, and processes what they bring, until none is under way. Where all of them wait the clock goes on to the next time limit or
   * the end of the next pause, for at most `forMs`; with 0 only what is answered without time passing counts. A callee under test must
   * answer without real time, or its time limit passes first.
   *
   * ```ts
   * payments.pipe('alice', { amount: 5 });
   * await driver.settle();
   * expect(receipts.readKeyValues()).toEqual([['alice', { status: 'paid' }]]);
   * ```
   */
  async settle({ forMs = Number.POSITIVE_INFINITY }: { readonly forMs?: number } = {}): Promise<void> {
    const until = this.#now + forMs;
    for (;;) {
      for (let turns = 0; turns < QUIET_TURNS; turns++) {
        await nextTurn();
        if (this.#process() > 0) turns = -1;
        if (this.#options.commit !== 'manual') this.commit();
      }
      const due = this.#timers.nextMs;
      if (due > until || due === Number.POSITIVE_INFINITY) break;
      this.advanceTime(Math.max(0, due - this.#now));
    }
    if (Number.isFinite(until) && until > this.#now) this.advanceTime(until - this.#now);
  }

  /** Calls of a `callAsync` that are under way, those between two attempts included. */
  callsInFlight(operator: string): number {
    return this.#tasks.reduce((sum, { calls }) => sum + (calls.underWay()[operator]?.inFlight ?? 0), 0);
  }

  #punctuate(): void {
    for (const task of this.#tasks) {
      task.punctuateWallClock(this.#now);
      task.tickIdle(this.#now, isCaughtUp);
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

  #process(): number {
    for (let sum = 0; ; ) {
      let done = 0;
      for (const task of this.#tasks) done += this.#processAll(task);
      if (done === 0) return sum;
      sum += done;
    }
  }

  /** Where each record is committed, cached tables hold nothing back beyond it. */
  #processAll(task: Task): number {
    if (this.#options.commit === 'manual') return task.process(Number.MAX_SAFE_INTEGER, isCaughtUp);
    let done = 0;
    while (task.process(1, isCaughtUp) > 0) {
      task.flush();
      done++;
    }
    return done;
  }

  #start(): RecordCollector {
    for (const { calls } of this.#tasks) calls.abandon();
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
    const calls = { clock: () => this.#now, startTimer: this.#timers.start, onAnswered: () => {} };
    return new Task({ ...place, globals, calls, collector, policy, redact, counters, onSkippedBy, tally, idleTicks });
  }

  #stores(name: string): readonly StoreView[] {
    const partitionsOf = (topic: TopicName) => this.#topics.get(this.#topicName(topic)).partitions.length;
    return committedStores(this.#topology.plan, name, this.#state, partitionsOf);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
