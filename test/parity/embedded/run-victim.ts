import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface VictimReport {
  /** Scenarios that it came to the end of. */
  readonly done: number;
  readonly end: 'killed' | 'done' | 'failed';
  /** The step at which it killed itself. */
  readonly hit: string | undefined;
  readonly problem: string;
}

/** A scenario that takes longer than this has hung, which is a finding. */
const SCENARIO_MAX_MS = 60_000;

/** Starts a victim (a compiled file) with its orders and resolves when it is gone. */
export function runVictimProcess(victim: string, orders: string): Promise<VictimReport> {
  return new Promise((resolve) => {
    const env = { ...process.env, UV_THREADPOOL_SIZE: '4' };
    const child = spawn(process.execPath, [victim, orders], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const errors: string[] = [];
    let [done, hasHung]: [number, boolean] = [0, false];
    let hit: string | undefined;
    const limit = setTimeout(() => {
      hasHung = true;
      child.kill('SIGKILL');
    }, SCENARIO_MAX_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      limit.refresh();
      if (line === 'done') done++;
      else if (line.startsWith('hit ')) hit = line.slice('hit '.length);
    });
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const end = code === 0 ? 'done' : signal === 'SIGKILL' && hit !== undefined ? 'killed' : 'failed';
      const told = errors.join('').trim().slice(0, 2_000);
      resolve({ done, end, hit, problem: hasHung ? `it hung for ${SCENARIO_MAX_MS} ms` : `it failed: ${told}` });
    });
  });
}
