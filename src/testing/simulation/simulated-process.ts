import type { Transaction } from '../../log/log.ts';
import type { SimulatedLog } from '../../log/simulated/simulated-log.ts';
import type { VirtualTime } from '../../log/simulated/virtual-time.ts';
import { type SeededRandom, seededRandom } from '../../random.ts';
import type { SinkTarget } from '../../runtime/sink/sink-target.ts';
import { SinkWorker } from '../../runtime/sink/sink-worker.ts';
import { Worker } from '../../runtime/worker.ts';
import { type FailsRecord, WorkerJournal } from './journal.ts';
import { ProcessLog, pauseOf } from './process-log.ts';
import type { Script, SimulatedStep } from './script.ts';
import type { SimulatedTable } from './simulated-table.ts';
import type { SimulatedApplication } from './simulation-options.ts';

/** Names the group of the sink. */
export const SIMULATED_SINK = 'simulated-sink';

export interface SimulatedProcessOptions {
  readonly number: number;
  readonly script: Script;
  readonly time: VirtualTime;
  readonly applications: readonly SimulatedApplication[];
  /** Only one process has the sink. */
  readonly table: SimulatedTable | undefined;
  readonly log: () => SimulatedLog;
  readonly isSlow: () => boolean;
  readonly failsRecord: (application: SimulatedApplication) => FailsRecord;
  readonly onSent: (transaction: Transaction, journal: WorkerJournal | undefined, application: string) => void;
  /** Told of each step, inside of it. */
  readonly onStep: (process: SimulatedProcess, step: SimulatedStep) => void;
  /** Told of work that ended by itself while nothing was done to the process. */
  readonly onEnded: (process: SimulatedProcess, what: string, error: unknown) => void;
}

interface Incarnation {
  readonly log: ProcessLog;
  readonly workers: readonly Worker[];
  readonly sink: SinkWorker | undefined;
  readonly running: readonly Promise<void>[];
}

/** A process of a simulation: a worker of each application and perhaps the sink, killed, stalled, stopped and started again. */
export class SimulatedProcess {
  readonly number: number;
  readonly #options: SimulatedProcessOptions;
  readonly #random: SeededRandom;
  #incarnation: Incarnation | undefined;
  #skewMs = 0;

  constructor(options: SimulatedProcessOptions) {
    this.number = options.number;
    this.#options = options;
    this.#random = seededRandom(options.script.seed * 1_000 + options.number);
  }

  get isRunning(): boolean {
    return this.#incarnation !== undefined;
  }

  start(): void {
    if (this.#incarnation !== undefined) return;
    const { script, time, applications, table, isSlow, onStep, onEnded, onSent } = this.#options;
    const { pollRecordsMax, sessionTimeoutMs, commitIntervalMs } = script;
    const journals = new Map<string, WorkerJournal>();
    const log = new ProcessLog({
      log: this.#options.log(),
      time,
      random: this.#random,
      pollRecordsMax,
      sessionTimeoutMs,
      isSlow,
      onSent: (group, transaction) => onSent(transaction, journals.get(group), group),
      onAssigned: () => onStep(this, 'assigned'),
    });
    const step = (name: SimulatedStep) => {
      if (!log.isGone) onStep(this, name);
    };
    const clock = () => time.now() + this.#skewMs;
    const member = `process-${this.number}`;
    const sleep = (milliseconds: number) => pauseOf(time, milliseconds);
    const running: Promise<void>[] = [];
    const watch = (what: string, work: Promise<void>) => {
      const watched = work.catch((error: unknown) => {
        if (!log.isGone) onEnded(this, what, error);
      });
      running.push(watched);
    };
    const workers = applications.map((each) => {
      const journal = new WorkerJournal(this.#options.failsRecord(each));
      journals.set(each.application, journal);
      const worker = new Worker({
        ...each,
        log,
        member,
        clock,
        sleep,
        startTimer: time.startTimer,
        commitIntervalMs,
        inspect: journal.inspect,
        onStep: (name) => {
          if (name === 'seal') journal.seal();
          step(name);
        },
      });
      watch(each.application, worker.run());
      return worker;
    });
    const sink = table === undefined ? undefined : this.#sink(table, log, { clock, sleep, onStep: step });
    if (sink !== undefined) watch('sink', sink.run());
    this.#incarnation = { log, workers, sink, running };
  }

  kill(): void {
    this.#incarnation?.log.kill();
    // What it had asked is on its way; it asks nothing more.
    for (const worker of this.#incarnation?.workers ?? []) worker.abandonCalls();
    this.#incarnation = undefined;
  }

  stall(forMs: number): void {
    this.#incarnation?.log.stall(forMs);
  }

  wake(): void {
    this.#incarnation?.log.wake();
  }

  setClock(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Leaves in good order; resolves when everything has ended. */
  async stop(): Promise<void> {
    const incarnation = this.#incarnation;
    if (incarnation === undefined) return;
    for (const worker of incarnation.workers) worker.stop();
    incarnation.sink?.stop();
    await Promise.all(incarnation.running);
    if (this.#incarnation === incarnation) this.#incarnation = undefined;
  }

  #sink(
    table: SimulatedTable,
    log: ProcessLog,
    options: {
      readonly clock: () => number;
      readonly sleep: (milliseconds: number) => Promise<void>;
      readonly onStep: (step: SimulatedStep) => void;
    },
  ): SinkWorker {
    const { clock, onStep } = options;
    const sleep = (milliseconds: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const end = () => {
          signal.removeEventListener('abort', end);
          resolve();
        };
        signal.addEventListener('abort', end);
        void options.sleep(milliseconds).then(end);
      });
    // A process that is gone hears nothing of the table either; what it had sent goes on there.
    const target: SinkTarget = {
      topics: table.topics,
      settle: (cut) => log.through(() => table.settle(cut)),
      write: (cut, batches) => log.through(() => table.write(cut, batches)),
    };
    const sizes = { batchRecordsMax: 20, flushIntervalMs: 200 };
    return new SinkWorker({ log, target, sink: SIMULATED_SINK, clock, sleep, onStep, ...sizes });
  }
}
