import { HeadraceError } from '../errors.ts';
import type { CommittedState, GroupOffset, StateChanges } from '../log/log.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { DEAD_LETTER_BYTES_MAX } from '../log/record-buffer.ts';
import { StateNumber } from '../state/state-number.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { SourceNode, TopicName } from '../streams/topology/nodes.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import { CurrentRecord } from './current-record.ts';
import { deadLetterHeaders, deadLetterTopic, type Redact, redactBytes } from './dead-letter.ts';
import { type IdleTick, idleTickSource } from './idle-tick.ts';
import { IdleTicks, type IsCaughtUp } from './idle-ticks.ts';
import { OperatorTime, TIME_STORE } from './operator-time.ts';
import { compile } from './operators/compile.ts';
import type { OperatorContext, Receive } from './operators/receive.ts';
import { type Punctuate, Punctuations } from './punctuations.ts';
import type { RecordCollector } from './record-collector.ts';
import { RecordQueue } from './record-queue.ts';
import type { TimedOperator } from './timed-operator.ts';

export interface TaskOptions {
  readonly subTopology: SubTopology;
  readonly partition: number;
  /** The name of a topic in the log: internal ones get the application before them. */
  readonly topicName: (topic: TopicName) => string;
  /** Where to go on reading, for each source topic. */
  readonly positions: ReadonlyMap<string, number>;
  readonly state: CommittedState;
  readonly collector: RecordCollector;
  readonly redact: Redact;
  readonly counters: TaskCounters;
  /** Where ticks stand and how long the task must be silent for one; without it time passes with records only. */
  readonly idleTicks?: { readonly topic: string; readonly afterMs: number } | undefined;
}

/** Counted over all tasks of a worker. */
export interface TaskCounters {
  processed: number;
  deadLetters: number;
  skipped: number;
  /** By the wall clock, idle ticks among them; those on stream time belong to their records. */
  punctuated: number;
}

/**
 * Partition p of all source topics of one sub-topology, with its stores: records are processed here strictly one after
 * another. A task holds nothing that the log can't give again: after an abort it is dropped and made anew.
 */
export class Task {
  readonly id: string;
  /** Those of the sources, and that of the ticks where there is one. */
  readonly #queues: readonly RecordQueue[];
  readonly #sources: readonly RecordQueue[];
  readonly #queueOf = new Map<string, RecordQueue>();
  readonly #buffers = new Map<string, WriteBuffer>();
  readonly #bufferList: readonly WriteBuffer[];
  readonly #record = new CurrentRecord();
  readonly #punctuations: Punctuations;
  readonly #ticks: IdleTicks | undefined;
  readonly #collector: RecordCollector;
  readonly #redact: Redact;
  readonly #counters: TaskCounters;

  constructor(options: TaskOptions) {
    const { subTopology, partition, collector, state, topicName } = options;
    this.id = `${subTopology.id}_${partition}`;
    this.#collector = collector;
    this.#redact = options.redact;
    this.#counters = options.counters;
    for (const store of subTopology.stores) {
      this.#buffers.set(store.name, new WriteBuffer(store.name, partition, state.partition(store.name, partition)));
    }
    // Tasks of other sub-topologies keep times in the same partition of the store.
    const own = topicName(subTopology.sources[0]!.topic);
    const times: OperatorTime[] = [];
    const operators: TimedOperator[] = [];
    this.#punctuations = new Punctuations(
      (name) => new OperatorTime(this.#timeBuffer(state, partition), `${name} ${own}`),
    );
    const context: OperatorContext = {
      partition,
      record: this.#record,
      buffer: (store: StoreDefinition) => this.#buffers.get(store.name)!,
      schedule: (operator, options, punctuate) => this.#punctuations.schedule(operator, options, punctuate),
      time: (operator: string) => {
        const time = new OperatorTime(this.#timeBuffer(state, partition), operator);
        times.push(time);
        return time;
      },
      timed: (operator: TimedOperator) => {
        operators.push(operator);
      },
      output: (topic: TopicName) => collector.output(topicName(topic)),
      skipped: () => {
        this.#counters.skipped++;
      },
    };
    const entries = compile(subTopology, context);
    const bury = (batch: RecordBatch, index: number, error: unknown) => this.#bury(batch, index, error);
    const queueOf = (source: SourceNode, topic: string, receive: Receive, onUndecodable = bury): RecordQueue => {
      const position = options.positions.get(topic)!;
      const queue = new RecordQueue(source, topic, partition, position, receive, onUndecodable);
      this.#queueOf.set(topic, queue);
      return queue;
    };
    this.#sources = subTopology.sources.map((source) => queueOf(source, topicName(source.topic), entries.get(source)!));
    this.#queues = this.#sources;
    const { idleTicks } = options;
    if (idleTicks !== undefined) {
      const refuse = (_batch: RecordBatch, _index: number, error: unknown) => {
        throw error;
      };
      const queue = queueOf(idleTickSource(idleTicks.topic), idleTicks.topic, () => {}, refuse);
      this.#queues = [...this.#sources, queue];
      this.#ticks = new IdleTicks({
        afterMs: idleTicks.afterMs,
        queue,
        sources: this.#sources,
        output: collector.output(idleTicks.topic),
        sequence: new StateNumber(this.#timeBuffer(state, partition), `__idle-ticks ${own}`, 0),
        // Operators are made from the last to the first.
        operators: operators.reverse(),
        streamTime: () => Math.max(-1, ...times.map((time) => time.now)),
      });
    }
    this.#bufferList = [...this.#buffers.values()];
  }

  get queues(): readonly RecordQueue[] {
    return this.#queues;
  }

  enqueue(batch: RecordBatch): void {
    this.#collector.beginRecord();
    this.#queueOf.get(batch.topic)!.push(batch);
  }

  /**
   * Processes up to `limit` records and returns how many it did. It stops early where a queue is empty whose partition
   * has records that are not fetched yet: the next in time may be among them.
   */
  process(limit: number, isCaughtUp: IsCaughtUp): number {
    const ticks = this.#ticks;
    let done = 0;
    while (done < limit) {
      if (ticks !== undefined) {
        if (!ticks.isKnown(isCaughtUp)) break;
        const tick = ticks.takeDue(isCaughtUp);
        if (tick !== undefined) {
          this.#applyTick(ticks, tick);
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

  /** Only tasks whose operators keep time have it. Other tasks of this partition keep theirs under other names in it. */
  #timeBuffer(state: CommittedState, partition: number): WriteBuffer {
    const existing = this.#buffers.get(TIME_STORE);
    if (existing !== undefined) return existing;
    const made = new WriteBuffer(TIME_STORE, partition, state.partition(TIME_STORE, partition));
    this.#buffers.set(TIME_STORE, made);
    return made;
  }

  /** Punctuates what is due by the wall clock; returns how much was. */
  punctuateWallClock(now: number): number {
    if (!this.#punctuations.hasWallClock) return 0;
    const done = this.#punctuations.wallClock(now, this.#punctuate);
    this.#counters.punctuated += done;
    return done;
  }

  /** Lets time pass if the task is silent for long enough (see IdleTicks); `now` is the wall clock. Whether it did. */
  tickIdle(now: number, isCaughtUp: IsCaughtUp): boolean {
    this.#collector.beginRecord();
    const tick = this.#ticks?.write(now, isCaughtUp);
    if (tick === undefined) return false;
    this.#applyTick(this.#ticks!, tick);
    return true;
  }

  /** What it throws ends the worker, as with a punctuation. */
  #applyTick(ticks: IdleTicks, tick: IdleTick): void {
    this.#counters.punctuated++;
    this.#punctuate(() => ticks.apply(tick), tick.time);
  }

  /** A field, so that no record makes a function anew. What it throws ends the worker, and all since the commit goes. */
  readonly #punctuate = (punctuate: Punctuate, timestamp: number): void => {
    this.#record.leave();
    this.#collector.beginRecord();
    for (const buffer of this.#bufferList) buffer.beginRecord();
    punctuate(timestamp);
  };

  /** Positions behind the processed records, for the commit. */
  offsets(): readonly GroupOffset[] {
    return this.#queues.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
  }

  stateChanges(): readonly StateChanges[] {
    return this.#bufferList.map((buffer) => buffer.changes()).filter((changes) => changes !== undefined);
  }

  get changedKeys(): number {
    return this.#bufferList.reduce((sum, buffer) => sum + buffer.dirtyCount, 0);
  }

  markCommitted(): void {
    for (const buffer of this.#bufferList) buffer.markCommitted();
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
    this.#record.moveTo(batch, queue.index, queue.offset, queue.timestamp);
    this.#collector.beginRecord();
    for (const buffer of this.#bufferList) buffer.beginRecord();
    try {
      queue.receive(queue.key, queue.value, queue.timestamp);
    } catch (error) {
      if (isFatal(error)) throw error;
      this.#collector.rollbackRecord();
      for (const buffer of this.#bufferList) buffer.rollbackRecord();
      this.#bury(batch, queue.index, error);
    }
    queue.consume();
  }

  /** Sends a record as it came to the dead-letter topic of its topic; the partition goes on. */
  #bury(batch: RecordBatch, index: number, error: unknown): void {
    this.#counters.deadLetters++;
    const key = redactBytes(batch.keyAt(index), this.#redact);
    const value = redactBytes(batch.valueAt(index), this.#redact);
    const headers = deadLetterHeaders(batch, index, error, this.#redact);
    const output = this.#collector.output(deadLetterTopic(batch.topic));
    // A topic that someone made by hand may have fewer partitions; the headers say where the record came from.
    output.append(
      batch.partition % output.partitions,
      batch.timestampAt(index),
      key,
      value,
      headers,
      DEAD_LETTER_BYTES_MAX,
    );
  }
}

/** Storage that fails is no fault of the record: such an error stops the worker and is never a dead letter. */
function isFatal(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof HeadraceError && /^(STORAGE|LOG|MEMBER|COMMIT)_/.test(cause.code)) return true;
  }
  return false;
}
