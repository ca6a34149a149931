import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { runVictimProcess, type VictimReport } from '../run-victim.ts';
import type { EngineProcess } from './engine-process.ts';
import { killAtRename } from './kill-at-rename.ts';
import type { SinkOrders, SinkTask } from './sink-orders.ts';
import type { SinkKill } from './sink-schedule.ts';

export interface SinkTally {
  /** By who died and how. */
  readonly hits: Record<string, number>;
  readonly faults: Record<string, number>;
  kills: number;
  readonly findings: string[];
}

/** A kill that a process ended without is tried again so often. */
const TRIES_MAX = 3;
/** More than a process brings over before it is killed. */
const TRANSACTIONS_UNTIL_KILLED = 1_500;
/** Where no part gets its name for so long, the engine is killed as it is. */
const RENAME_MAX_MS = 5_000;
/** Engine kills that one sink lives through. */
export const ENGINE_KILLS_PER_SINK = 5;

type CommonOrders = Pick<SinkOrders, 'data' | 'migrations' | 'seed'>;

/** Starts sinks and engines, kills them, and counts. */
export class SinkRun {
  readonly tally: SinkTally = { hits: {}, faults: {}, kills: 0, findings: [] };
  readonly #victim: string;
  readonly #orders: CommonOrders;
  readonly #onProgress: (line: string) => void;
  readonly #engine: EngineProcess;
  #isEngineApart = false;
  #round = 0;

  constructor(victim: string, orders: CommonOrders, engine: EngineProcess, onProgress: (line: string) => void) {
    this.#victim = victim;
    this.#orders = orders;
    this.#engine = engine;
    this.#onProgress = onProgress;
  }

  get hasFailed(): boolean {
    return this.tally.findings.length > 0;
  }

  /** From here on ClickHouse is a process of its own, until `joinEngine`. */
  async partEngine(): Promise<void> {
    await this.#engine.start();
    this.#isEngineApart = true;
  }

  async joinEngine(): Promise<void> {
    await this.#engine.kill();
    this.#isEngineApart = false;
  }

  /** A process that is not killed; a finding where it does not come to its end. */
  async peace(task: SinkTask, orders: Partial<SinkOrders> = {}): Promise<void> {
    if (this.hasFailed) return;
    const { end, problem } = await this.#start({ task, ...orders });
    if (end !== 'done') this.tally.findings.push(`the sink did not end its task ${task}: ${problem ?? end}`);
  }

  async killed(kill: SinkKill): Promise<void> {
    for (let attempt = 0; attempt < TRIES_MAX && !this.hasFailed; attempt++) {
      const { kind, occurrence, afterMs, faults } = kill;
      const isPlace = kind !== 'random' && kind !== 'rename';
      const shortened = Math.floor(afterMs / 4 ** attempt);
      const report = await this.#start(
        {
          ...{ task: 'load' as const, faults, transactionsMax: TRANSACTIONS_UNTIL_KILLED },
          ...(isPlace ? { kill: { place: kind, occurrence: attempt === 0 ? occurrence : 1 } } : {}),
        },
        kind === 'random' ? shortened : undefined,
        kind === 'rename' ? (pid) => void sleep(shortened).then(() => killAtRename(pid)) : undefined,
      );
      if (report.end === 'failed') this.tally.findings.push(`a sink failed: ${report.problem}`);
      if (report.end === 'killed') return this.#count(kill);
    }
    if (!this.hasFailed) this.tally.findings.push(`no sink could be killed at ${kill.kind}`);
  }

  /** One sink goes on while the engine behind it is killed, once for each of these. */
  async engineKilled(kills: readonly SinkKill[]): Promise<void> {
    if (this.hasFailed) return;
    const orders = { task: 'load' as const, faults: ['answers' as const], transactionsMax: Number.MAX_SAFE_INTEGER };
    let ended: Promise<VictimReport> | undefined;
    const pid = await new Promise<number | undefined>((resolve) => {
      ended = this.#start(orders, undefined, resolve);
      void ended.then(() => resolve(undefined));
    });
    for (const kill of pid === undefined ? [] : kills) {
      await sleep(kill.afterMs);
      await this.#killEngine(kill);
      await this.#engine.start();
      this.#count(kill);
    }
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
    const { end, problem } = await ended!;
    if (end !== 'done') this.tally.findings.push(`a sink whose engine was killed failed: ${problem ?? end}`);
  }

  async #killEngine({ kind }: SinkKill): Promise<void> {
    const pid = this.#engine.pid;
    let tracer: ChildProcess | undefined;
    if (kind === 'rename' && pid !== undefined) {
      tracer = killAtRename(pid);
      await Promise.race([this.#engine.gone(), sleep(RENAME_MAX_MS)]);
    }
    await this.#engine.kill();
    tracer?.kill('SIGKILL');
  }

  #start(
    orders: Pick<SinkOrders, 'task'> & Partial<SinkOrders>,
    killAfterMs?: number,
    onReady: (pid: number) => void = () => undefined,
  ): Promise<VictimReport> {
    const all: SinkOrders = {
      ...{ ...this.#orders, round: this.#round++, faults: [], transactionsMax: 0 },
      ...(this.#isEngineApart ? { url: this.#engine.url } : {}),
      ...orders,
    };
    const onSaid = (word: string, rest: string) => {
      if (word === 'fault' || word === 'error') this.#add(this.tally.faults, word === 'fault' ? rest : 'tried again');
    };
    return runVictimProcess(this.#victim, all, killAfterMs, { onReady, onSaid });
  }

  #count({ who, kind }: SinkKill): void {
    this.tally.kills++;
    this.#add(this.tally.hits, `${who}:${kind}`);
    this.#onProgress(`${this.tally.kills} kills, the last one ${who}:${kind}`);
  }

  #add(counts: Record<string, number>, name: string): void {
    counts[name] = (counts[name] ?? 0) + 1;
  }
}
