import { HeadraceError } from '../errors.ts';
import type { CommittedState, GroupOffset, StateChanges } from '../log/log.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { DEAD_LETTER_BYTES_MAX } from '../log/record-buffer.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { TopicName } from '../streams/topology/nodes.ts';
import type { SubTopology } from '../streams/topology/plan.ts';
import { CurrentRecord } from './current-record.ts';
import { deadLetterHeaders, deadLetterTopic, type Redact, redactBytes } from './dead-letter.ts';
import { OperatorTime, TIME_STORE } from './operator-time.ts';
import { compile } from './operators/compile.ts';
import type { OperatorContext } from './operators/receive.ts';
import { type Punctuate, Punctuations } from './punctuations.ts';
import type { RecordCollector } from './record-collector.ts';
import { RecordQueue } from './record-queue.ts';

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
}

/** Counted over all tasks of a worker. */
export interface TaskCounters {
  processed: number;
  deadLetters: number;
  skipped: number;
  /** By the wall clock; those on stream time belong to their records. */
  punctuated: number;
}

/**
 * Partition p of all source topics of one sub-topology, with its stores: records are processed here strictly one after
 * another. A task holds nothing that the log can't give again: after an abort it is dropped and made anew.
 */
export class Task {
  readonly id: string;
  readonly #queues: readonly RecordQueue[];
  readonly #queueOf = new Map<string, RecordQueue>();
  readonly #buffers = new Map<string, WriteBuffer>();
  readonly #bufferList: readonly WriteBuffer[];
  readonly #record = new CurrentRecord();
  readonly #punctuations: Punctuations;
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
    this.#punctuations = new Punctuations((name) => new OperatorTime(this.#timeBuffer(state, partition), name));
    const context: OperatorContext = {
      partition,
      record: this.#record,
      buffer: (store: StoreDefinition) => this.#buffers.get(store.name)!,
      schedule: (operator, options, punctuate) => this.#punctuations.schedule(operator, options, punctuate),
      time: (operator: string) => new OperatorTime(this.#timeBuffer(state, partition), operator),
      output: (topic: TopicName) => collector.output(topicName(topic)),
      skipped: () => {
        this.#counters.skipped++;
      },
    };
    const entries = compile(subTopology, context);
    this.#queues = subTopology.sources.map((source) => {
      const topic = topicName(source.topic);
      const queue = new RecordQueue(
        source,
        topic,
        partition,
        options.positions.get(topic)!,
        entries.get(source)!,
        (batch, index, error) => this.#bury(batch, index, error),
      );
      this.#queueOf.set(topic, queue);
      return queue;
    });
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
  process(limit: number, isCaughtUp: (queue: RecordQueue) => boolean): number {
    let done = 0;
    while (done < limit) {
      const queue = this.#queues.length === 1 ? this.#queues[0]! : this.#choose(isCaughtUp);
      if (queue === undefined || !queue.hasHead) break;
      const { timestamp } = queue;
      this.#processHead(queue);
      if (this.#punctuations.hasStreamTime) this.#punctuations.passed(timestamp, this.#punctuate);
      done++;
    }
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
  #choose(isCaughtUp: (queue: RecordQueue) => boolean): RecordQueue | undefined {
    let chosen: RecordQueue | undefined;
    for (const queue of this.#queues) {
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
