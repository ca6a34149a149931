import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headrace, workplace } from './headrace.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let place: ReturnType<typeof workplace>;
let data: string;
beforeEach(() => {
  place = workplace();
  data = place.file('data');
});
afterEach(() => place.remove());

/** npm start in a process group of its own, so that a signal to the group is what Ctrl-C is. */
async function npmStart(...args: readonly string[]) {
  const child = spawn('npm', ['start', '--', '--port', '0', '--data', data, ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('close', (status, signal) => resolve(signal ?? status));
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/\d accepted/.test(text)) resolve();
    });
    void ended.then(() => reject(new RangeError(`it ended before:\n${text}`)));
  });
  return { child, ended, said: () => text };
}

describe('npm start', () => {
  it('drains and exits 0 at Ctrl-C, which reaches it twice: from the terminal and from npm', {
    timeout: 60_000,
  }, async () => {
    const running = await npmStart();
    process.kill(-running.child.pid!, 'SIGINT');
    expect(await running.ended).toBe(0);
    expect(running.said()).toContain('Everything taken in is processed and in ClickHouse.');
  });

  it('ends when npm is told to, and leaves the data directory to the next', { timeout: 60_000 }, async () => {
    const running = await npmStart('--no-traffic');
    running.child.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(await headrace(['reconcile', '--data', data])).toMatchObject({ status: 0 });
  });
});
