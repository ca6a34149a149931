import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { readAll } from '../../conformance/log/log-under-test.ts';
import { compileChild } from './child-process.ts';

describe('a process killed in the middle of commits', () => {
  let child: { folder: string; script: string };
  const path = mkdtempSync(join(tmpdir(), 'headrace-kill-'));
  beforeAll(() => {
    child = compileChild('committing-child');
  });
  afterAll(() => {
    rmSync(child.folder, { recursive: true, force: true });
    rmSync(path, { recursive: true, force: true });
  });

  /** Runs the child until it is killed; the acknowledgements that it wrote. */
  function run(stopAt: string, killAfterMs: number): Promise<{ appended: number; committed: number; signal: unknown }> {
    const running = spawn(process.execPath, [child.script, path, 'Infinity', stopAt], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    running.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      if (killAfterMs > 0) timer ??= setTimeout(() => running.kill('SIGKILL'), killAfterMs);
    });
    return new Promise((resolve) => {
      running.on('close', (_code, signal) => {
        clearTimeout(timer);
        const last = (word: string) =>
          Math.max(-1, ...[...output.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1])));
        resolve({ appended: last('append'), committed: last('commit'), signal });
      });
    });
  }

  async function expectWhole(appended: number, committed: number): Promise<void> {
    const log = new EmbeddedLog({ directory: openDataDirectory(path, { clock: Date.now }), clock: Date.now });
    try {
      const keys = async (topic: string) => (await readAll(log, topic)).map((text) => Number(text.split(/[ =]/)[1]));
      const left = await keys('left');
      expect(left).toEqual(left.map((_, i) => i));
      expect(await keys('right')).toEqual(left);
      expect(left.length).toBeGreaterThan(appended);
      const [place] = await log.committedOffsets('g');
      const offset = place?.offset ?? 0;
      expect(offset).toBeGreaterThanOrEqual(committed);
      expect(await keys('out')).toEqual(left.slice(0, offset));
      const state = log.state('g').partition('s', 0).get('offset');
      expect(state === undefined ? 0 : Number(Buffer.from(state).toString())).toBe(offset);
    } finally {
      await log.close();
    }
  }

  it.each([
    'commit-begin:7',
    'commit-written:8',
    'commit-synced:9',
    'append-queued:23',
    'commit-written:1',
    'commit-synced:2',
  ])('at the step %s has all that it acknowledged and nothing in part', async (stopAt) => {
    const { appended, committed, signal } = await run(stopAt, 0);
    expect(signal).toBe('SIGKILL');
    await expectWhole(appended, committed);
  });

  it.each([3, 40, 111, 230])('after %d ms has all that it acknowledged and nothing in part', async (killAfterMs) => {
    const { appended, committed, signal } = await run('', killAfterMs);
    expect(signal).toBe('SIGKILL');
    await expectWhole(appended, committed);
  });
});
