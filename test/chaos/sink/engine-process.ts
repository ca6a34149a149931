import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HeadraceError } from '../../../src/errors.ts';

const START_MAX_MS = 30_000;

/** ClickHouse in a process that the run starts, kills and starts again, always at the same address. */
export class EngineProcess {
  readonly url: string;
  readonly #path: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  constructor(path: string, port: number) {
    this.#path = path;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const file = fileURLToPath(new URL('./engine-host.js', import.meta.url));
    const child = spawn(process.execPath, [file, this.#path, String(this.#port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const errors: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    const started = await new Promise<boolean>((resolve) => {
      createInterface({ input: child.stdout }).once('line', () => resolve(true));
      child.once('exit', () => resolve(false));
      setTimeout(() => resolve(false), START_MAX_MS).unref();
    });
    if (started) return;
    await this.kill();
    const message = `ClickHouse did not start in a process of its own: ${errors.join('').slice(0, 2_000)}`;
    throw new HeadraceError('CLICKHOUSE_FAILED', message);
  }

  /** Resolves when it is gone, by this or by itself. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.gone();
  }

  async gone(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}
