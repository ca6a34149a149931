import { HeadraceError } from '../../errors.ts';
import type { Transaction } from '../../log/log.ts';
import type { FaultOptions } from '../../log/simulated/faults.ts';
import { SimulatedLog } from '../../log/simulated/simulated-log.ts';
import { SimulatedMemory } from '../../log/simulated/simulated-memory.ts';
import { VirtualTime } from '../../log/simulated/virtual-time.ts';
import { seededRandom } from '../../random.ts';
import { behindIn } from './behind.ts';
import { failingRecords } from './failing-records.ts';
import { Journal, type Sealed, sealedLines, type WorkerJournal } from './journal.ts';
import { pauseOf } from './process-log.ts';
import { Producers } from './producers.ts';
import { type Script, type SimulatedEvent, STORM_MS } from './script.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulatedTable } from './simulated-table.ts';
import type { SimulationFailure, SimulationOptions } from './simulation-options.ts';
import { topicsOf } from './topics-of.ts';

/** 2026-01-01: far from zero, as clocks are. */
const START_MS = Date.UTC(2026, 0, 1);
/** In the calm everything comes to an end within so much virtual time. */
const CALM_MS = 600_000;
const STOP_MAX_MS = 60_000;
const LOOK_MS = 50;

type MutableFaults = { -readonly [K in keyof FaultOptions]: FaultOptions[K] };

/** What stands at the end of a run, for the judge. */
export interface Outcome {
  readonly memory: SimulatedMemory;
  readonly journals: ReadonlyMap<string, Journal>;
  /** Places of what producers sent, "partition offset topic". */
  readonly sent: ReadonlySet<string>;
  readonly table: SimulatedTable | undefined;
  readonly failure: SimulationFailure | undefined;
  readonly counts: Counts;
  readonly virtualMs: number;
}

export interface Counts {
  commits: number;
  kills: number;
  stalls: number;
}

/** One run: processes over a simulated log, what is done to them in the storm, and the calm in which all must come to its end. */
export class World {
  readonly #options: SimulationOptions;
  readonly #script: Script;
  readonly #time = new VirtualTime(START_MS);
  readonly #memory = new SimulatedMemory();
  readonly #faults: MutableFaults;
  readonly #journals: ReadonlyMap<string, Journal>;
  readonly #sealedOf = new WeakMap<Transaction, { readonly sealed: Sealed; readonly application: string }>();
  readonly #sent = new Set<string>();
  readonly #processes: readonly SimulatedProcess[];
  readonly #table: SimulatedTable | undefined;
  readonly #steps = new Map<string, number>();
  readonly #counts: Counts = { commits: 0, kills: 0, stalls: 0 };
  #log: SimulatedLog;
  #isStorm = true;
  #failure: SimulationFailure | undefined;

  constructor(options: SimulationOptions, script: Script) {
    this.#options = options;
    this.#script = script;
    const { applications, sinkTopics = [] } = options;
    const { refuseCommit, unknownCommit, fenceMember, delayCommit, failWrite } = script.rates;
    this.#faults = { refuseCommit, unknownCommit, fenceMember, delayCommit };
    this.#journals = new Map(applications.map(({ application }) => [application, new Journal()]));
    const time = this.#time;
    this.#log = new SimulatedLog({
      random: seededRandom(script.seed + 1).next,
      time,
      memory: this.#memory,
      faults: this.#faults,
      onWritten: (written) => {
        if (written.kind === 'transaction') this.#noteWritten(written.transaction);
        else for (const position of written.positions) this.#sent.add(placeOf(position));
      },
    });
    if (sinkTopics.length > 0) {
      const random = seededRandom(script.seed + 2);
      const failWriteNow = () => (this.#isStorm ? failWrite : 0);
      this.#table = new SimulatedTable({ topics: sinkTopics, time, random, failWrite: failWriteNow });
    }
    this.#processes = Array.from({ length: script.processes }, (_, number) => this.#process(number));
  }

  async run(): Promise<Outcome> {
    await this.#log.createTopics(topicsOf(this.#options, this.#script.partitions));
    const onSent = (what: string) => this.#say(what);
    const producers = new Producers({
      ...this.#options,
      onSent,
      script: this.#script,
      time: this.#time,
      log: () => this.#log,
    });
    await producers.sendGlobals();
    for (const process of this.#processes) this.#start(process);
    for (const event of this.#script.events) this.#schedule(event);
    await producers.send((atMs) => this.#untilMs(START_MS + atMs));
    const { stormMs = STORM_MS } = this.#options;
    await this.#untilMs(START_MS + stormMs);
    await this.#calm();
    await this.#end();
    return {
      memory: this.#memory,
      journals: this.#journals,
      sent: this.#sent,
      table: this.#table,
      failure: this.#failure,
      counts: this.#counts,
      virtualMs: this.#time.now() - START_MS,
    };
  }

  #process(number: number): SimulatedProcess {
    return new SimulatedProcess({
      number,
      script: this.#script,
      time: this.#time,
      applications: this.#options.applications,
      table: number === 0 ? this.#table : undefined,
      log: () => this.#log,
      isSlow: () => this.#isStorm,
      failsRecord: (application) => failingRecords(application, this.#script),
      onSent: (transaction, journal, application) => this.#noteSent(transaction, journal, application),
      onStep: (process, step) => this.#step(process, step),
      onEnded: (process, what, error) => {
        const reason =
          error instanceof HeadraceError ? `${error.message} [${error.code}]` : String((error as Error).stack);
        const message = `${what} of process ${process.number}: ${reason}`;
        this.#say(`ended by itself: ${message}`);
        this.#failure ??= { kind: 'worker ended', message };
      },
    });
  }

  #noteSent(transaction: Transaction, journal: WorkerJournal | undefined, application: string): void {
    const sealed = journal?.takeSealed();
    if (sealed !== undefined) this.#sealedOf.set(transaction, { sealed, application });
  }

  #noteWritten(transaction: Transaction): void {
    this.#counts.commits++;
    const known = this.#sealedOf.get(transaction);
    if (known === undefined) return;
    this.#journals.get(known.application)!.write(known.sealed);
    if (this.#options.onTrace !== undefined) for (const line of sealedLines(known)) this.#say(line);
  }

  #step(process: SimulatedProcess, step: string): void {
    this.#say(`process ${process.number}: ${step}`);
    if (!this.#isStorm) return;
    const place = `${process.number} ${step}`;
    const count = (this.#steps.get(place) ?? 0) + 1;
    this.#steps.set(place, count);
    for (const event of this.#script.events) {
      if (event.kind !== 'killAtStep' && event.kind !== 'stallAtStep') continue;
      if (event.process !== process.number || event.step !== step || event.nth !== count) continue;
      if (event.kind === 'killAtStep') this.#kill(process, event.backAfterMs);
      else this.#stall(process, event.forMs);
    }
  }

  #schedule(event: SimulatedEvent): void {
    if (!('atMs' in event)) return;
    this.#time.startTimer(event.atMs, () => {
      if (this.#isStorm) this.#happen(event);
    });
  }

  #happen(event: Extract<SimulatedEvent, { readonly atMs: number }>): void {
    switch (event.kind) {
      case 'kill':
        this.#kill(this.#processOf(event), event.backAfterMs);
        return;
      case 'stall':
        this.#stall(this.#processOf(event), event.forMs);
        return;
      case 'stop': {
        const process = this.#processOf(event);
        this.#say(`process ${process.number} is told to stop`);
        void process.stop().then(() => this.#startAfter(process, event.backAfterMs));
        return;
      }
      case 'crashLog':
        for (const process of this.#processes) this.#kill(process, event.backAfterMs);
        this.#say('the log dies');
        this.#log.crash();
        this.#log = this.#log.reopen();
        return;
      case 'clock':
        this.#say(`the clock of process ${event.process} is set by ${event.byMs} ms`);
        this.#processOf(event).setClock(event.byMs);
        return;
      case 'tableAway':
        this.#say(`the table is away for ${event.forMs} ms`);
        this.#table?.beAway(event.forMs);
    }
  }

  #processOf({ process }: { readonly process: number }): SimulatedProcess {
    return this.#processes[process]!;
  }

  #kill(process: SimulatedProcess, backAfterMs: number): void {
    if (!process.isRunning) return;
    this.#counts.kills++;
    this.#say(`process ${process.number} is killed`);
    process.kill();
    this.#startAfter(process, backAfterMs);
  }

  #stall(process: SimulatedProcess, forMs: number): void {
    this.#counts.stalls++;
    this.#say(`process ${process.number} stands still for ${forMs} ms`);
    process.stall(forMs);
  }

  #startAfter(process: SimulatedProcess, afterMs: number): void {
    this.#time.startTimer(afterMs, () => this.#start(process));
  }

  #start(process: SimulatedProcess): void {
    if (!process.isRunning) this.#say(`process ${process.number} begins`);
    process.start();
  }

  #say(what: string): void {
    this.#options.onTrace?.(this.#time.now() - START_MS, what);
  }

  async #untilMs(timeMs: number): Promise<void> {
    const leftMs = timeMs - this.#time.now();
    if (leftMs > 0) await pauseOf(this.#time, leftMs);
  }

  /** No more faults: everybody comes back, and works until there is nothing left to do. */
  async #calm(): Promise<void> {
    this.#isStorm = false;
    this.#say('the calm begins');
    Object.assign(this.#faults, { refuseCommit: 0, unknownCommit: 0, fenceMember: 0, delayCommit: 0 });
    this.#table?.comeBack();
    for (const process of this.#processes) {
      process.wake();
      this.#start(process);
    }
    const { calmMs = CALM_MS } = this.#options;
    const endMs = this.#time.now() + calmMs;
    while (this.#failure === undefined) {
      await pauseOf(this.#time, LOOK_MS);
      // What was told to stop in the storm comes back in its own time.
      for (const process of this.#processes) this.#start(process);
      const behind = behindIn(this.#options, this.#memory);
      if (behind === undefined) return;
      if (this.#time.now() < endMs) continue;
      this.#failure = { kind: 'did not come to an end', message: `after ${calmMs} ms of calm ${behind}` };
    }
  }

  async #end(): Promise<void> {
    let isStopped = false;
    const stopped = Promise.all(this.#processes.map((process) => process.stop())).then(() => {
      isStopped = true;
    });
    await Promise.race([stopped, pauseOf(this.#time, STOP_MAX_MS)]);
    if (!isStopped)
      this.#failure ??= { kind: 'did not come to an end', message: `a worker did not stop within ${STOP_MAX_MS} ms` };
    await this.#log.close();
  }
}

export function placeOf({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${partition} ${offset} ${topic}`;
}
