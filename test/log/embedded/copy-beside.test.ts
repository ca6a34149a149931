import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyLog, type DataDirectory, openDataDirectory } from '../../../src/storage/data-directory.ts';
import { Environment } from '../../../src/storage/environment.ts';
import { textKeys } from '../../../src/storage/meta-table.ts';
import type { Table } from '../../../src/storage/table.ts';
import { compileChild } from './child-process.ts';

describe('a copy that another process makes', () => {
  let child: { folder: string; script: string };
  let parent: string;
  let directory: DataDirectory;
  let rows: Table<string>;
  beforeAll(() => {
    child = compileChild('copying-child');
  });
  afterAll(() => rmSync(child.folder, { recursive: true, force: true }));
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'headrace-copy-'));
    directory = openDataDirectory(join(parent, 'data'), { clock: Date.now });
    rows = directory.environment.table('rows', textKeys)!;
  });
  afterEach(async () => {
    await directory.close();
    rmSync(parent, { recursive: true, force: true });
  });

  const VALUE = Buffer.alloc(2_000, 7);
  const key = (i: number) => String(i).padStart(8, '0');
  const fill = (from: number, count: number) =>
    directory.environment.transaction(() => {
      for (let i = from; i < from + count; i++) rows.put(key(i), VALUE);
    });
  const bytes = () => statSync(join(directory.path, 'log', 'data.mdb')).size;

  /** Runs the child until it ends, with `meanwhile` again and again. */
  async function copyElsewhere(to: string, how: string, meanwhile: () => void) {
    const process_ = spawn(process.execPath, [child.script, directory.path, to, how], { timeout: 60_000 });
    let [output, isEnded] = ['', false];
    process_.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise<{ code: number | null; signal: string | null; output: string }>((resolve) =>
      process_.on('close', (code, signal) => {
        isEnded = true;
        resolve({ code, signal, output });
      }),
    );
    while (!isEnded) {
      meanwhile();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  }

  async function keysIn(path: string): Promise<readonly string[]> {
    const copy = Environment.open(path);
    try {
      return copy.table('rows', textKeys)!.keys({ limit: 1_000_000 });
    } finally {
      await copy.close();
    }
  }

  it('is of one moment while this one commits, and leaves no reader behind', async () => {
    fill(0, 20_000);
    let count = 20_000;
    const ended = await copyElsewhere(join(parent, 'copy'), 'whole', () => fill(count++, 1));
    expect(ended).toEqual({ code: 0, signal: null, output: '' });
    expect(count).toBeGreaterThan(20_000);
    const keys = await keysIn(join(parent, 'copy'));
    expect(keys.length).toBeGreaterThan(20_000);
    expect(keys.length).toBeLessThanOrEqual(count);
    expect(keys).toEqual(Array.from({ length: keys.length }, (_, i) => key(i)));
    expect(directory.environment.clearDeadReaders()).toBe(0);
  }, 60_000);

  it('pins pages when it is killed, until its reader is cleared, and harms nothing', async () => {
    fill(0, 50_000);
    const rewrite = () => {
      for (let round = 0; round < 20; round++) fill(0, 1_000);
      return bytes();
    };
    expect(await copyElsewhere(join(parent, 'copy'), 'killed', () => undefined)).toMatchObject({ signal: 'SIGKILL' });
    const before = bytes();
    const pinned = rewrite() - before;
    expect(directory.environment.clearDeadReaders()).toBeGreaterThan(0);
    expect(directory.environment.clearDeadReaders()).toBe(0);
    const cleared = bytes();
    const grown = rewrite() - cleared;
    expect(pinned).toBeGreaterThan(10_000_000);
    expect(grown).toBeLessThan(pinned / 4);
    await copyLog(directory.path, join(parent, 'second')).done;
    expect(await keysIn(join(parent, 'second'))).toHaveLength(50_000);
  }, 60_000);
});
