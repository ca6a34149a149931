import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { type SeededRandom, seededRandom } from '../../../src/random.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { readText, temporaryDirectory } from '../../embedded-log.ts';
import { compileChild } from '../../log/embedded/child-process.ts';
import { byKey } from './simulated-callee.ts';

const RECORDS = 200;
const KILLS_MAX = 40;

/** A gateway of a process of its own life: one payment under each key, and faults from a seed. */
class Gateway {
  readonly requests = new Map<string, string>();
  readonly payments = new Map<string, string>();
  readonly violations: string[] = [];
  asked = 0;
  readonly #server: Server;
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = this.#answer(String(request.headers['idempotency-key']), Buffer.concat(chunks).toString());
      // Without one the connection stays open and silent.
      if (answer === undefined) return;
      const [status, text] = answer;
      setTimeout(() => response.writeHead(status).end(text), this.#random.below(25));
    });
  }

  #answer(key: string, body: string): readonly [status: number, text: string] | undefined {
    this.asked++;
    const before = this.requests.get(key);
    if (before === undefined) this.requests.set(key, body);
    else if (before !== body) this.violations.push(`${key}: ${before}, then ${body}`);
    const drawn = this.#random.next();
    if (drawn < 0.1) return [503, 'busy'];
    if (!this.payments.has(key)) this.payments.set(key, body);
    if (drawn < 0.13) return undefined;
    return [200, `${body.split(' ')[1]} paid`];
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/pay`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('a process that is killed while its calls are under way', () => {
  let child: { folder: string; script: string };
  beforeAll(() => {
    child = compileChild('paying-child', '../runtime/async');
  });
  afterAll(() => rmSync(child.folder, { recursive: true, force: true }));

  /** Whether it came to its end. */
  function run(args: readonly string[], killAfterMs: number | undefined): Promise<boolean> {
    const running = spawn(process.execPath, [child.script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    running.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      if (killAfterMs !== undefined) timer ??= setTimeout(() => running.kill('SIGKILL'), killAfterMs);
    });
    return new Promise((resolve, reject) => {
      running.on('close', (code, signal) => {
        clearTimeout(timer);
        if (code === 0 && output.endsWith('done\n')) resolve(true);
        else if (signal === 'SIGKILL') resolve(false);
        else reject(new RangeError(`the child ended with ${code ?? signal}`));
      });
    });
  }

  it('asks again under the same keys: each payment is made once, each result is there once and in order', {
    timeout: 120_000,
  }, async () => {
    const random = seededRandom(20_261_129);
    const gateway = new Gateway(random);
    const directory = temporaryDirectory();
    try {
      const args = [directory.path, await gateway.listen(), String(RECORDS)];
      let kills = 0;
      for (let isDone = false; !isDone; ) {
        expect(kills).toBeLessThan(KILLS_MAX);
        const isTimed = kills % 2 === 0;
        const step = `${random.pick(['seal', 'submit', 'durable', 'apply'])}:${2 + random.below(6)}`;
        isDone = await (kills >= 12
          ? run(args, undefined)
          : run(isTimed ? args : [...args, step], isTimed ? random.below(120) : undefined));
        if (!isDone) kills++;
      }
      expect(kills).toBeGreaterThan(5);
      const log = new EmbeddedLog({
        directory: openDataDirectory(directory.path, { clock: Date.now }),
        clock: Date.now,
      });
      const out = (await readText(log, 'out')).map(([key, value]) => `${key} ${value}`);
      await log.close();
      const expected = byKey(Array.from({ length: RECORDS }, (_, i) => `k${i % 11} ${i}`));
      expect(gateway.violations).toEqual([]);
      expect(byKey(gateway.requests.values())).toEqual(expected);
      expect(byKey(gateway.payments.values())).toEqual(expected);
      expect(byKey(out)).toEqual(expected);
      expect(gateway.asked).toBeGreaterThan(RECORDS);
    } finally {
      gateway.close();
      directory.remove();
    }
  });
});
