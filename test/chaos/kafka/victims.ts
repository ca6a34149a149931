import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KafkaCommitStep } from '../../../src/log/kafka/kafka-member-options.ts';
import type { SeededRandom } from '../../../src/random.ts';
import type { KafkaVictimOrders } from './kafka-victim.ts';

export const STEPS: readonly KafkaCommitStep[] = ['begin', 'produce', 'endSent', 'end', 'apply'];

/** What was done to them, and what they said. */
export interface VictimTally {
  readonly hits: Record<string, number>;
  readonly faults: Record<string, number>;
  kills: number;
  stops: number;
  leaves: number;
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

/** Workers of one application, each in a process of its own that is started again whenever it ends. */
export class Victims {
  readonly tally: VictimTally = { hits: {}, faults: {}, kills: 0, stops: 0, leaves: 0, lostDisks: 0, failures: [] };
  readonly #file: string;
  readonly #orders: Omit<KafkaVictimOrders, 'directory' | 'killAt'>;
  readonly #folder: string;
  readonly #random: SeededRandom;
  readonly #running = new Map<number, ChildProcess>();
  #isCalm = false;
  #hasEnded = false;

  constructor(
    file: string,
    orders: Omit<KafkaVictimOrders, 'directory' | 'killAt'>,
    folder: string,
    random: SeededRandom,
  ) {
    this.#file = file;
    this.#orders = orders;
    this.#folder = folder;
    this.#random = random;
  }

  start(number: number): void {
    const directory = join(this.#folder, `worker-${number}`);
    const random = this.#random;
    const isHit = !this.#isCalm && random.next() < 0.7;
    const killAt = { step: STEPS[random.below(STEPS.length)]!, time: 1 + random.below(TIMES_MAX) };
    const orders: KafkaVictimOrders = { ...this.#orders, directory, ...(isHit ? { killAt } : {}) };
    const env = { ...process.env, HEADRACE_CHAOS_ORDERS: JSON.stringify(orders) };
    const child = spawn(process.execPath, [this.#file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.set(number, child);
    createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line));
    createInterface({ input: child.stderr }).on('line', (line) => this.tally.failures.push(line));
    child.on('exit', (_status, signal) => {
      this.#running.delete(number);
      if (signal === 'SIGKILL') this.tally.kills++;
      if (this.#hasEnded) return;
      if (!this.#isCalm && random.next() < LOST_DISK) {
        rmSync(directory, { recursive: true, force: true });
        this.tally.lostDisks++;
      }
      setTimeout(() => this.start(number), random.below(RESTART_MAX_MS));
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

  end(): void {
    this.#hasEnded = true;
    for (const child of this.#running.values()) child.kill('SIGKILL');
  }

  #stop(child: ChildProcess): void {
    this.tally.stops++;
    child.kill('SIGSTOP');
    const awayMs = STOP_MIN_MS + this.#random.below(STOP_MAX_MS - STOP_MIN_MS);
    setTimeout(() => child.kill('SIGCONT'), awayMs);
  }

  #heard(line: string): void {
    const [word = '', ...rest] = line.split(' ');
    const text = rest.join(' ');
    if (word === 'hit') this.tally.hits[text] = (this.tally.hits[text] ?? 0) + 1;
    else if (word === 'fault') this.tally.faults[text] = (this.tally.faults[text] ?? 0) + 1;
    else this.tally.failures.push(line);
  }
}
