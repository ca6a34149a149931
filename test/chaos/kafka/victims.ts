import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SeededRandom } from '../../../src/random.ts';
import { SINK_STEPS } from '../../../src/runtime/sink/sink-options.ts';
import type { VictimOrders, VictimStep } from './victim-log.ts';

/** A guest is a member for so long. */
const GUEST_MS = 2_000;
const GUEST_NUMBER = 100;
/** The sink is one process: it has a number of its own, and its steps beside those of a commit. */
const SINK_NUMBER = 50;

const WORKER_STEPS: readonly VictimStep[] = ['begin', 'produce', 'endSent', 'end', 'apply'];
const SINK_VICTIM_STEPS: readonly VictimStep[] = [
  ...WORKER_STEPS,
  ...SINK_STEPS.map((step) => `sink:${step}` as const),
];

/** What was done to them, and what they said. */
export interface VictimTally {
  readonly hits: Record<string, number>;
  /** Of those that stopped themselves, by step; the others are stopped at random moments. */
  readonly stoppedAt: Record<string, number>;
  readonly faults: Record<string, number>;
  /** Of workers, and of the sink. */
  kills: number;
  sinkKills: number;
  stops: number;
  leaves: number;
  /** Members that joined for two seconds. */
  guests: number;
  lostDisks: number;
  readonly failures: string[];
}

const RESTART_MAX_MS = 800;
/** A restart among so many finds its data directory empty. */
const LOST_DISK = 0.1;
/** A zombie is away for longer than its session (2,500 ms). */
const STOP_MIN_MS = 3_000;
const STOP_MAX_MS = 5_000;
const TIMES_MAX = 12;
const FINISH_MAX_MS = 15_000;
/** Of those that are hit at a step, so many are stopped there and not killed. */
const SELF_STOP = 0.3;

type CommonOrders = Omit<VictimOrders, 'directory' | 'hitAt'>;

/** The compiled programs that are killed. */
export interface VictimPrograms {
  readonly worker: string;
  readonly sink: string;
}

/** Workers of one application, each in a process of its own that is started again whenever it ends. */
export class Victims {
  readonly tally: VictimTally = {
    hits: {},
    stoppedAt: {},
    faults: {},
    kills: 0,
    sinkKills: 0,
    stops: 0,
    leaves: 0,
    guests: 0,
    lostDisks: 0,
    failures: [],
  };
  readonly #programs: VictimPrograms;
  readonly #orders: CommonOrders;
  readonly #folder: string;
  readonly #random: SeededRandom;
  readonly #running = new Map<number, ChildProcess>();
  #guest: ChildProcess | undefined;
  #isCalm = false;
  #hasEnded = false;

  constructor(programs: VictimPrograms, orders: CommonOrders, folder: string, random: SeededRandom) {
    this.#programs = programs;
    this.#orders = orders;
    this.#folder = folder;
    this.#random = random;
  }

  /** So many workers, and the sink. */
  startAll(workers: number): void {
    for (const number of [...Array(workers).keys(), SINK_NUMBER]) this.#start(number);
  }

  #start(number: number): void {
    const directory = join(this.#folder, `worker-${number}`);
    const random = this.#random;
    const isHit = !this.#isCalm && random.next() < 0.7;
    const signal = random.next() < SELF_STOP ? 'SIGSTOP' : 'SIGKILL';
    const steps = number === SINK_NUMBER ? SINK_VICTIM_STEPS : WORKER_STEPS;
    const hitAt = { step: steps[random.below(steps.length)]!, time: 1 + random.below(TIMES_MAX), signal } as const;
    const program = number === SINK_NUMBER ? this.#programs.sink : this.#programs.worker;
    const child = this.#spawn(program, { ...this.#orders, directory, ...(isHit ? { hitAt } : {}) });
    this.#running.set(number, child);
    child.on('exit', (_status, signal) => {
      this.#running.delete(number);
      if (signal === 'SIGKILL') this.tally[number === SINK_NUMBER ? 'sinkKills' : 'kills']++;
      if (this.#hasEnded) return;
      if (!this.#isCalm && random.next() < LOST_DISK) {
        rmSync(directory, { recursive: true, force: true });
        this.tally.lostDisks++;
      }
      setTimeout(() => this.#start(number), random.below(RESTART_MAX_MS));
    });
  }

  /** A member more, for two seconds; each has a directory and so an identity of its own. */
  guest(): void {
    if (this.#isCalm || this.#hasEnded || this.#guest !== undefined) return;
    const directory = join(this.#folder, `worker-${GUEST_NUMBER + (this.tally.guests % 3)}`);
    this.tally.guests++;
    const child = this.#spawn(this.#programs.worker, { ...this.#orders, directory });
    this.#guest = child;
    setTimeout(() => child.kill('SIGTERM'), GUEST_MS);
    child.on('exit', () => {
      this.#guest = undefined;
    });
  }

  /** Does something to one of them. */
  disturb(): void {
    const [number, child] = [...this.#running][this.#random.below(Math.max(1, this.#running.size))] ?? [];
    if (number === undefined || child === undefined) return;
    const choice = this.#random.next();
    if (choice < 0.5) child.kill('SIGKILL');
    else if (choice < 0.75) this.#stop(child);
    else if (choice < 0.85) {
      this.tally.leaves++;
      child.kill('SIGTERM');
    }
  }

  /** From now on those that start are left alone. */
  calm(): void {
    this.#isCalm = true;
  }

  /** Has them end as they do in peace; resolves when they have. */
  async finish(): Promise<void> {
    this.#hasEnded = true;
    const children = [...this.#running.values(), ...(this.#guest === undefined ? [] : [this.#guest])];
    const ended = children.map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve())));
    for (const child of children) child.kill('SIGTERM');
    await Promise.race([Promise.all(ended), new Promise((resolve) => setTimeout(resolve, FINISH_MAX_MS).unref())]);
    this.end();
  }

  end(): void {
    this.#hasEnded = true;
    for (const child of [...this.#running.values(), this.#guest]) child?.kill('SIGKILL');
  }

  #spawn(program: string, orders: VictimOrders): ChildProcess {
    const env = { ...process.env, HEADRACE_CHAOS_ORDERS: JSON.stringify(orders) };
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line, child));
    createInterface({ input: child.stderr }).on('line', (line) => this.tally.failures.push(line));
    return child;
  }

  #stop(child: ChildProcess): void {
    this.tally.stops++;
    child.kill('SIGSTOP');
    this.#continueLater(child);
  }

  #continueLater(child: ChildProcess): void {
    const awayMs = STOP_MIN_MS + this.#random.below(STOP_MAX_MS - STOP_MIN_MS);
    setTimeout(() => child.kill('SIGCONT'), awayMs);
  }

  #heard(line: string, child: ChildProcess): void {
    const [word = '', ...rest] = line.split(' ');
    const text = rest.join(' ');
    if (word === 'hit') this.tally.hits[text] = (this.tally.hits[text] ?? 0) + 1;
    else if (word === 'stopped') {
      this.tally.stops++;
      this.tally.stoppedAt[text] = (this.tally.stoppedAt[text] ?? 0) + 1;
      this.#continueLater(child);
    } else if (word === 'fault') this.tally.faults[text] = (this.tally.faults[text] ?? 0) + 1;
    else this.tally.failures.push(line);
  }
}
