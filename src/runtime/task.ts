import type { GroupOffset, StateChanges } from '../log/log.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { toBinaryString } from '../state/binary-string.ts';
import { StateNumber } from '../state/state-number.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import { sourceOfNodes } from '../streams/topology/state-sources.ts';
import { TaskCalls } from './async/task-calls.ts';
import { CurrentRecord } from './current-record.ts';
import { TimeBuffers } from './engine-stores.ts';
import { IdleTicks, type IsCaughtUp } from './idle-ticks.ts';
import { TaskInvariants } from './invariants.ts';
import { OperatorTime } from './operator-time.ts';
import { compile } from './operators/compile.ts';
import type { OperatorContext } from './operators/receive.ts';
import { keysMaxOf } from './parked-keys.ts';
import { type Punctuate, Punctuations } from './punctuations.ts';
import type { RecordCollector } from './record-collector.ts';
import type { RecordFailures } from './record-failure.ts';
import type { RecordQueue } from './record-queue.ts';
import { ownHeaders } from './replay.ts';
import type { TableCache } from './table-cache.ts';
import { TaskCaches } from './task-caches.ts';
import type { TaskCounters } from './task-counters.ts';
import { TaskInput } from './task-input.ts';
import type { TaskInspector } from './task-inspector.ts';
import type { TaskOptions } from './task-options.ts';
import type { TimedOperator } from './timed-operator.ts';

/**
 * Partition p of all source topics of one sub-topology, with its stores: records are processed here strictly one after
 * another. A task holds nothing that the log can't give again: after an abort it is dropped and made anew.
 */
export class Task {
  readonly id: string;
  /** Those of the sources, and that of the ticks where there is one. */
  readonly #queues: readonly RecordQueue[];
  readonly #sources: readonly RecordQueue[];
  readonly #buffers = new Map<string, WriteBuffer>();
  readonly #bufferList: readonly WriteBuffer[];
  readonly #savepoints: readonly Pick<WriteBuffer, 'beginRecord' | 'rollbackRecord'>[];
  readonly #caches: TaskCaches | undefined;
  readonly #record = new CurrentRecord();
  readonly #punctuations: Punctuations;
  readonly #ticks: IdleTicks | undefined;
  /** Of asynchronous operators. */
  readonly calls: TaskCalls;
  readonly #collector: RecordCollector;
  readonly #input: TaskInput;
  readonly #failures: RecordFailures;
  readonly #counters: TaskCounters;
  readonly #inspector: TaskInspector | undefined;
  readonly #invariants: TaskInvariants | undefined;

  constructor(options: TaskOptions) {
    const { subTopology, partition, collector, state, topicName } = options;
    this.id = `${subTopology.id}_${partition}`;
    this.#collector = collector;
    this.#counters = options.counters;
    this.#inspector = options.inspect?.(this.id);
    this.#inspector?.on({ kind: 'begin' });
    this.#input = new TaskInput(options, this.id, this.#record);
    this.#failures = this.#input.failures;
    for (const store of subTopology.stores) {
      this.#buffers.set(store.name, new WriteBuffer(store.name, partition, state.partition(store.name, partition)));
    }
    const kept = new TimeBuffers(state, partition, this.#buffers);
    const sourceOf = sourceOfNodes(subTopology);
    const timesOf = (operator: string) => kept.of(topicName(sourceOf.get(operator)!.topic));
    // What belongs to the task as a whole hangs on its first source; its names carried that when all tasks shared a store.
    const own = topicName(subTopology.sources[0]!.topic);
    const times: OperatorTime[] = [];
    const operators: TimedOperator[] = [];
    const caches: TableCache[] = [];
    const ownKey = (name: string) => toBinaryString(Buffer.from(`${name} ${own}`));
    this.#punctuations = new Punctuations({
      time: (name) => new OperatorTime(kept.of(own), `${name} ${own}`),
      number: (name) => new StateNumber(kept.of(own), ownKey(name), -1),
    });
    const counter: OperatorContext['counter'] = (operator, what) =>
      options.tally?.counter(operator, what) ?? { count: 0 };
    this.calls = new TaskCalls(options.calls, keysMaxOf(options.policy) > 0, counter);
    const context: OperatorContext = {
      partition,
      record: this.#record,
      buffer: (store: StoreDefinition) => this.#buffers.get(store.name)!,
      globalTable: options.globals,
      schedule: (operator, options, punctuate) => this.#punctuations.schedule(operator, options, punctuate),
      time: (operator: string, suffix = '') => {
        const name = `${operator}${suffix}`;
        const time = new OperatorTime(timesOf(operator), name, options.tally?.counter(name, 'outOfOrder'));
        times.push(time);
        return time;
      },
      intakeTime: (operator: string, suffix: string) => new OperatorTime(timesOf(operator), `${operator}${suffix}`),
      timed: (operator: TimedOperator) => {
        operators.push(operator);
      },
      // Operators are made from the last to the first.
      cache: (cache) => caches.unshift(cache),
      output: (topic: TopicName) => collector.output(topicName(topic)),
      unproduced: (error, topic) => this.#failures.unproduced(error, topic),
      skipped: (operator, reason) => {
        this.#counters.skipped++;
        options.onSkippedBy?.(operator, reason);
      },
      calls: (node) => this.calls.gate(node),
      counter,
    };
    const entries = compile(subTopology, context);
    this.#sources = subTopology.sources.map((source) => this.#input.source(source, entries.get(source)!, this.calls));
    for (const parked of this.#input.parked) this.#buffers.set(parked.store, parked);
    this.#queues = this.#sources;
    const { idleTicks } = options;
    if (idleTicks !== undefined) {
      const queue = this.#input.idleTicks(idleTicks.topic);
      this.#queues = [...this.#sources, queue];
      this.#ticks = new IdleTicks({
        afterMs: idleTicks.afterMs,
        queue,
        sources: this.#sources,
        output: collector.output(idleTicks.topic),
        sequence: new StateNumber(kept.of(own), `__idle-ticks ${own}`, 0),
        // Operators are made from the last to the first.
        operators: operators.reverse(),
        streamTime: () => Math.max(-1, ...times.map((time) => time.now)),
        flush: () => this.flush(),
        punctuate: this.#punctuate,
      });
    }
    this.#bufferList = [...this.#buffers.values()];
    this.#savepoints = [...this.#bufferList, ...caches];
    const savepoint = { begin: () => this.#begin(), rollback: () => this.#rollback() };
    const shared = { record: this.#record, failures: this.#failures };
    this.#invariants = TaskInvariants.of({ ...context, ...shared, subTopology, topicName, collector });
    this.#caches = TaskCaches.of({ ...shared, caches, ...savepoint, check: () => this.#invariants?.checkTouched() });
  }

  get queues(): readonly RecordQueue[] {
    return this.#queues;
  }

  enqueue(batch: RecordBatch): void {
    this.#collector.beginRecord();
    this.#input.push(batch);
  }

  /**
   * Processes up to `limit` records and returns how many it did. It stops early where a queue is empty whose partition
   * has records that are not fetched yet: the next in time may be among them.
   */
  process(limit: number, isCaughtUp: IsCaughtUp): number {
    const ticks = this.#ticks;
    let done = 0;
    // A tick is a step as well: a long silence may be written in many.
    for (let steps = 0; steps < limit; steps++) {
      if (ticks !== undefined) {
        if (!ticks.isKnown(isCaughtUp)) break;
        const tick = ticks.takeDue(isCaughtUp);
        if (tick !== undefined) {
          this.#counters.punctuated++;
          this.#inspector?.on({ kind: 'tick' });
          ticks.apply(tick);
          continue;
        }
      }
      const queue = this.#sources.length === 1 ? this.#sources[0]! : this.#choose(isCaughtUp);
      if (queue === undefined || !queue.hasHead || ticks?.holdsBack(queue)) break;
      const { timestamp } = queue;
      this.#processHead(queue);
      if (this.#punctuations.hasStreamTime) this.#punctuations.passed(timestamp, this.#punctuate);
      done++;
    }
    if (done > 0) ticks?.noteActive();
    this.#counters.processed += done;
    return done;
  }

  /** Punctuates what is due by the wall clock; returns how much was. */
  punctuateWallClock(now: number): number {
    if (!this.#punctuations.hasWallClock) return 0;
    this.#inspector?.on({ kind: 'clock', nowMs: now });
    const done = this.#punctuations.wallClock(now, this.#punctuate);
    this.#counters.punctuated += done;
    return done;
  }

  /** For a run that is to do again what a task did that was made anew: such a task counts from then on. */
  restartWallClock(): void {
    this.#punctuations.restartWallClock();
  }

  /** Lets time pass if the task is silent for long enough (see IdleTicks); `now` is the wall clock. Whether it did. */
  tickIdle(now: number, isCaughtUp: IsCaughtUp): boolean {
    this.#collector.beginRecord();
    const tick = this.#ticks?.write(now, isCaughtUp);
    if (tick === undefined) return false;
    this.#counters.punctuated++;
    this.#inspector?.on({ kind: 'tick' });
    this.#ticks!.apply(tick);
    return true;
  }

  /** A field, so that no record makes a function anew. One that fails ends the worker, unless it is to be skipped. */
  readonly #punctuate = (punctuate: Punctuate, timestamp: number): void => {
    this.#record.leave(timestamp);
    this.#begin();
    try {
      punctuate(timestamp);
      if (this.#failures.decided !== undefined) throw this.#failures.decided;
      this.#invariants?.checkTouched();
    } catch (error) {
      this.#rollback();
      this.#failures.failedWithoutRecord(timestamp, error);
    }
    if (this.#caches?.isFull) this.#caches.flush();
  };

  #begin(): void {
    this.#collector.beginRecord();
    for (const each of this.#savepoints) each.beginRecord();
  }

  #rollback(): void {
    this.#collector.rollbackRecord();
    for (const each of this.#savepoints) each.rollbackRecord();
  }

  /** Sends on what cached tables hold back: comes before a commit. */
  flush(): void {
    this.#inspector?.on({ kind: 'flush' });
    this.#caches?.flush();
  }

  /** Positions behind the processed records, for the commit. */
  offsets(): readonly GroupOffset[] {
    this.#inspector?.on({ kind: 'seal' });
    return this.#queues.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
  }

  stateChanges(): readonly StateChanges[] {
    return this.#bufferList.map((buffer) => buffer.changes()).filter((changes) => changes !== undefined);
  }

  /** By store, for metrics. */
  uncommittedKeys(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#buffers].map(([name, buffer]) => [name, buffer.dirtyCount]));
  }

  get changedKeys(): number {
    return this.#bufferList.reduce((sum, buffer) => sum + buffer.dirtyCount, 0);
  }

  markCommitted(): void {
    for (const buffer of this.#bufferList) buffer.markCommitted();
    this.calls.committed();
  }

  /** The queue whose head has the smallest timestamp; ties go to the topic that was declared first. */
  #choose(isCaughtUp: IsCaughtUp): RecordQueue | undefined {
    let chosen: RecordQueue | undefined;
    for (const queue of this.#sources) {
      if (this.#ticks?.holdsBack(queue)) continue;
      if (!queue.hasHead) {
        if (!isCaughtUp(queue)) return undefined;
      } else if (chosen === undefined || queue.timestamp < chosen.timestamp) {
        chosen = queue;
      }
    }
    return chosen;
  }

  /** One record, whole or not at all: the savepoint, the call through the operators, and what a failure leaves behind. */
  #processHead(queue: RecordQueue): void {
    const batch = queue.batch!;
    const gate = queue.gate!;
    this.#record.moveTo(batch, queue.index, queue.offset, queue.timestamp);
    // Those of a replay are for this task alone, not for what it forwards.
    if (gate.isReplay) this.#record.replaceHeaders(ownHeaders(this.#record.headers));
    if (this.#inspector !== undefined) this.calls.tell(queue, this.#inspector);
    this.#begin();
    try {
      this.#inspector?.enter(this.#record);
      queue.receive(queue.key, queue.value, queue.timestamp);
      if (this.#failures.decided !== undefined) throw this.#failures.decided;
      this.#invariants?.check(queue);
      this.#inspector?.leave(this.#record);
      gate.settle();
    } catch (error) {
      this.#rollback();
      this.#failures.failed(batch, queue.index, queue.timestamp, error, gate);
    }
    this.#inspector?.on({ kind: 'record', topic: queue.topic, offset: this.#record.offset });
    queue.consume();
    if (this.#caches?.isFull) this.#caches.flush();
  }
}
