import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../free-ports.ts';

/** The command stands at the repository's root: two folders up, three from dist. */
const HERE = new URL('.', import.meta.url);
const BIN = fileURLToPath(
  new URL(HERE.pathname.includes('/dist/') ? '../../../bin/headrace.mjs' : '../../bin/headrace.mjs', HERE),
);
const READY_MAX_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** `headrace start` in a process of its own, without traffic, on a port that stays the same over restarts. */
export class ServedProcess {
  readonly address: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(port: number, dataDirectory: string, more: readonly string[]) {
    this.address = `http://127.0.0.1:${port}`;
    this.#args = ['start', '--no-traffic', '--data', dataDirectory, '--port', String(port), ...more];
  }

  static async start(dataDirectory: string, more: readonly string[] = []): Promise<ServedProcess> {
    const [port] = await freePorts(1);
    const served = new ServedProcess(port!, dataDirectory, more);
    await served.start();
    return served;
  }

  /** What it wrote to standard output and standard error. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [BIN, ...this.#args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream!.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString();
      });
    }
    const until = Date.now() + READY_MAX_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || Date.now() > until) throw new RangeError(`It did not start:\n${this.#said}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** As a power cut. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As Ctrl-C: what was taken in is processed first. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/readyz`)).ok;
    } catch {
      return false;
    }
  }
}
