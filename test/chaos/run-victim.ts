import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface VictimReport {
  /** The step at which it killed itself. */
  readonly hit: string | undefined;
  readonly acknowledged: readonly number[];
  readonly end: 'killed' | 'done' | 'failed';
  readonly problem: string | undefined;
}

/** A run that takes longer than this has hung, which is a finding. */
const RUN_MAX_MS = 60_000;

export interface VictimHooks {
  /** When the victim is under load, with its process id. */
  readonly onReady?: (pid: number) => void;
  /** Lines that are none of those that make the report: their first word, and the rest. */
  readonly onSaid?: (word: string, rest: string) => void;
}

/**
 * Starts a victim (a compiled file) with its orders as JSON, and resolves when it is gone. `killAfterMs` counts from when
 * it is ready.
 */
export function runVictimProcess(
  file: string,
  orders: object,
  killAfterMs?: number,
  hooks: VictimHooks = {},
): Promise<VictimReport> {
  return new Promise((resolve) => {
    const env = { ...process.env, UV_THREADPOOL_SIZE: '16', HEADRACE_CHAOS_ORDERS: JSON.stringify(orders) };
    const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const acknowledged: number[] = [];
    const errors: string[] = [];
    let [hit, isDone, hasHung, problem]: [string | undefined, boolean, boolean, string | undefined] = [
      undefined,
      false,
      false,
      undefined,
    ];
    const limit = setTimeout(() => {
      hasHung = true;
      child.kill('SIGKILL');
    }, RUN_MAX_MS);
    let killer: NodeJS.Timeout | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word = '', ...rest] = line.split(' ');
      if (word === 'ack') acknowledged.push(...rest.map(Number));
      else if (word === 'hit') hit = rest.join(' ');
      else if (word === 'done') isDone = true;
      else if (word === 'failed') problem = rest.join(' ');
      else if (word === 'ready') {
        hooks.onReady?.(child.pid!);
        if (killAfterMs !== undefined) killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      } else hooks.onSaid?.(word, rest.join(' '));
    });
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    child.on('close', (_code, signal) => {
      clearTimeout(limit);
      clearTimeout(killer);
      const end = isDone ? 'done' : signal === 'SIGKILL' && !hasHung ? 'killed' : 'failed';
      if (end === 'failed') problem ??= hasHung ? `it hung for ${RUN_MAX_MS} ms` : errors.join('').slice(0, 2_000);
      resolve({ hit, acknowledged, end, problem });
    });
  });
}
