import { HeadraceError } from '../errors.ts';
import { NO_HEADERS } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { WriteBuffer } from '../state/write-buffer.ts';
import type { SourceNode } from '../streams/topology/nodes.ts';
import { CallQueue } from './async/call-queue.ts';
import { topicsCalledAbout } from './async/called-about.ts';
import type { TaskCalls } from './async/task-calls.ts';
import type { CurrentRecord } from './current-record.ts';
import { DeadLetters } from './dead-letter.ts';
import { SHARED_PARKED_STORE } from './engine-stores.ts';
import { homeCheck } from './home-partition.ts';
import { idleTickSource } from './idle-tick.ts';
import type { Receive } from './operators/receive.ts';
import { keysMaxOf, ParkedKeys, parkedBuffer } from './parked-keys.ts';
import { type FailureGate, RecordFailures } from './record-failure.ts';
import { RecordGate } from './record-gate.ts';
import { RecordQueue } from './record-queue.ts';
import type { TaskOptions } from './task-options.ts';

/** A record in a partition where its key does not belong has no order there that others could wait for. */
const NOBODY: FailureGate = { failed: () => NO_HEADERS, settle: () => {} };

/** What a task reads: a queue for each source topic, the gate before it, and what becomes of records that fail. */
export class TaskInput {
  readonly failures: RecordFailures;
  readonly #options: TaskOptions;
  readonly #letters: DeadLetters;
  readonly #queues = new Map<string, RecordQueue>();
  /** The store of earlier releases first. */
  readonly #parked: WriteBuffer[];

  constructor(options: TaskOptions, task: string, record: CurrentRecord) {
    const { partition, state, collector, policy, redact, counters, onSkippedBy } = options;
    this.#options = options;
    const calledAbout = topicsCalledAbout(options.subTopology, options.topicName);
    this.#letters = new DeadLetters({ collector, redact, task, calledAbout });
    const failing = { policy, task, partition, record, letters: this.#letters, redact, counters, onSkippedBy };
    this.failures = new RecordFailures(failing);
    const shared = state.partition(SHARED_PARKED_STORE, partition);
    this.#parked = [new WriteBuffer(SHARED_PARKED_STORE, partition, shared)];
  }

  /** Of the keys that wait; to be committed with the task's stores. */
  get parked(): readonly WriteBuffer[] {
    return this.#parked;
  }

  source(source: SourceNode, receive: Receive, calls: TaskCalls): RecordQueue {
    const { subTopology } = this.#options;
    const { partition, topicName, policy, application, redact, counters, state, partitionsOf } = this.#options;
    const topic = topicName(source.topic);
    const buffer = parkedBuffer(state, { topic, partition }, this.#parked[0]!);
    this.#parked.push(buffer);
    const parked = new ParkedKeys(buffer, { topic, partition }, keysMaxOf(policy));
    const gate = new RecordGate({ application, parked, letters: this.#letters, redact, counters });
    const onUndecodable = (batch: RecordBatch, index: number, error: unknown) =>
      this.failures.undecodable(batch, index, error, source.name, isMisplaced(error) && !gate.isReplay ? NOBODY : gate);
    const home = homeCheck(source, { topic, partition }, partitionsOf(topic)!);
    const queue = [source, topic, partition, this.#positionOf(topic), receive, onUndecodable, gate, home] as const;
    const node = calls.behind(source, subTopology.nodes);
    if (node === undefined) return this.#add(new RecordQueue(...queue));
    const waiting = new CallQueue({ source, gate, application, node, calls: calls.gate(node) }, ...queue);
    calls.add(node, waiting);
    return this.#add(waiting);
  }

  /** The queue of idle ticks: the engine wrote them itself, so one that can't be decoded ends the worker. */
  idleTicks(topic: string): RecordQueue {
    const refuse = (_batch: RecordBatch, _index: number, error: unknown) => {
      throw error;
    };
    const { partition } = this.#options;
    const position = this.#positionOf(topic);
    return this.#add(new RecordQueue(idleTickSource(topic), topic, partition, position, () => {}, refuse));
  }

  push(batch: RecordBatch): void {
    this.#queues.get(batch.topic)!.push(batch);
  }

  #positionOf(topic: string): number {
    return this.#options.positions.get(topic)!;
  }

  #add(queue: RecordQueue): RecordQueue {
    this.#queues.set(queue.topic, queue);
    return queue;
  }
}

function isMisplaced(error: unknown): boolean {
  return error instanceof HeadraceError && error.code === 'PARTITION_MISMATCH';
}
