import type { SimulatedMemory } from '../../log/simulated/simulated-memory.ts';
import type { CallOutcome } from '../../runtime/async/call.ts';
import { idleTickTopic } from '../../runtime/idle-tick.ts';
import { OperatorTally } from '../../runtime/operator-tally.ts';
import type { RecordCollector } from '../../runtime/record-collector.ts';
import { Task } from '../../runtime/task.ts';
import { noneCounted } from '../../runtime/task-counters.ts';
import type { TaskOptions } from '../../runtime/task-options.ts';
import { MemoryState } from '../memory-state.ts';
import { batchOf } from './final-log.ts';
import { type JournalEntry, SimulatedFault } from './journal.ts';
import type { SimulatedApplication, SimulationFailure } from './simulation-options.ts';

export interface ReferenceTaskOptions
  extends Pick<TaskOptions, 'subTopology' | 'partition' | 'topicName' | 'partitionsOf' | 'globals'> {
  readonly application: SimulatedApplication;
  readonly memory: SimulatedMemory;
  readonly collector: RecordCollector;
}

/** What stops a run without faults: the journal says something that can not be. */
export class ReferenceFailure extends Error {
  readonly failure: SimulationFailure;

  constructor(message: string) {
    super(message);
    this.failure = { kind: 'record not processed once', message };
  }
}

/**
 * One task in a run without faults: it is never made anew, never aborts, and has no committed state; the records that the simulation failed
 * fail before they write anything. It is given the records that stand in the log, in the order in which the journal says that they were processed.
 */
export class ReferenceTask {
  readonly task: Task;
  readonly #tally = new OperatorTally();
  readonly #options: ReferenceTaskOptions;
  /** The next offset of each source topic. */
  readonly #next = new Map<string, number>();
  readonly #tickTopic: string | undefined;
  #failsNext = false;
  /** What came of calls, by operator and offset. */
  readonly #outcomes = new Map<string, CallOutcome>();

  constructor(options: ReferenceTaskOptions) {
    this.#options = options;
    const { subTopology, partition, topicName, memory } = options;
    const { application, idleAfterMs } = options.application;
    this.#tickTopic = idleAfterMs === undefined ? undefined : idleTickTopic(application, subTopology);
    const topics = subTopology.sources.map(({ topic }) => topicName(topic));
    if (this.#tickTopic !== undefined) topics.push(this.#tickTopic);
    for (const topic of topics) this.#next.set(topic, memory.partition({ topic, partition }).watermarks.start);
    this.task = new Task({
      ...options,
      application,
      policy: options.application,
      positions: new Map(this.#next),
      state: new MemoryState(),
      redact: (text) => text,
      counters: noneCounted(),
      tally: this.#tally,
      calls: {
        clock: () => 0,
        startTimer: () => () => {},
        onAnswered: () => {},
        known: (operator, offset) => this.#outcomes.get(`${operator} ${offset}`),
      },
      idleTicks: this.#tickTopic === undefined ? undefined : { topic: this.#tickTopic, afterMs: idleAfterMs! },
      inspect: () => ({
        enter: () => {
          const fails = this.#failsNext;
          this.#failsNext = false;
          if (fails) throw new SimulatedFault();
        },
        leave: () => {},
        on: () => {},
      }),
    });
  }

  /** Breaches of declared invariants, by invariant. */
  get breaches(): Readonly<Record<string, number>> {
    return this.#tally.counted('invariantBreach');
  }

  /** Throws {@link ReferenceFailure}. */
  run(journal: readonly JournalEntry[]): void {
    for (const entry of journal) this.#do(entry);
    for (const topic of this.#next.keys()) {
      if (topic !== this.#tickTopic) this.#passOverTo(topic, this.#end(topic), 'to the end');
    }
  }

  /** Of a global table: all records, in their order. */
  runAll(): void {
    for (const topic of this.#next.keys()) {
      for (let offset = this.#next.get(topic)!; offset < this.#end(topic); offset++) this.#feed(topic, offset);
      this.task.process(Number.MAX_SAFE_INTEGER, () => true);
    }
  }

  #do(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'begin':
        this.task.restartWallClock();
        return;
      case 'failed':
        this.#failsNext = true;
        return;
      case 'called':
        this.#outcomes.set(`${entry.operator} ${entry.offset}`, entry.outcome);
        return;
      case 'record':
        this.#process(entry.topic, entry.offset);
        return;
      case 'tick':
        this.#feed(this.#tickTopic!, this.#next.get(this.#tickTopic!)!);
        this.task.process(1, () => true);
        return;
      case 'clock':
        this.task.punctuateWallClock(entry.nowMs);
        return;
      case 'flush':
        this.task.flush();
    }
  }

  #process(topic: string, offset: number): void {
    const place = `${topic}-${this.#options.partition} offset ${offset}`;
    if (offset < this.#next.get(topic)!) {
      throw new ReferenceFailure(`${this.task.id} has processed ${place} twice, or after later records`);
    }
    this.#passOverTo(topic, offset, `before ${offset}`);
    this.#feed(topic, offset);
    const processed = this.task.process(1, () => true);
    // A key whose call has failed goes on when that is committed.
    this.task.calls.committed();
    if (processed === 1) return;
    throw new ReferenceFailure(`${this.task.id} has processed ${place}, which is not to be processed`);
  }

  /** Between two records that are processed stand such as can't be decoded, or wait behind a dead letter: they are done with as they come. */
  #passOverTo(topic: string, to: number, where: string): void {
    for (let offset = this.#next.get(topic)!; offset < to; offset++) {
      this.#feed(topic, offset);
      const isProcessed = this.task.queues.some((queue) => queue.hasHead);
      if (!isProcessed) continue;
      throw new ReferenceFailure(
        `${this.task.id} never processed ${topic}-${this.#options.partition} offset ${offset}, which it passed over ${where}`,
      );
    }
  }

  #feed(topic: string, offset: number): void {
    const { memory, partition } = this.#options;
    const batch = batchOf(memory, topic, partition, offset, 1);
    if (batch !== undefined) this.task.enqueue(batch);
    this.#next.set(topic, offset + 1);
  }

  #end(topic: string): number {
    return this.#options.memory.partition({ topic, partition: this.#options.partition }).watermarks.end;
  }
}
