import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Environment } from '../../src/storage/environment.ts';
import { textKeys } from '../../src/storage/meta-table.ts';
import type { Table } from '../../src/storage/table.ts';

let parent: string;
let environment: Environment;
let rows: Table<string>;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'headrace-environment-'));
  mkdirSync(join(parent, 'log'));
  environment = Environment.open(join(parent, 'log'));
  rows = environment.table('rows', textKeys)!;
});
afterEach(async () => {
  await environment.close();
  rmSync(parent, { recursive: true, force: true });
});

const VALUE = Buffer.alloc(2_000, 7);
const key = (i: number) => `row ${String(i).padStart(6, '0')}`;
/** Two rows of one commit: who sees one of them and not the other has seen a commit in part. */
const commitPair = (i: number) =>
  environment.transaction(() => {
    rows.put(`left ${key(i)}`, VALUE);
    rows.put(`right ${key(i)}`, VALUE);
  });
const fill = (count: number) =>
  environment.transaction(() => {
    for (let i = 0; i < count; i++) rows.put(key(i), VALUE);
  });

async function keysIn(path: string): Promise<readonly string[]> {
  const copy = Environment.open(path);
  try {
    return copy.table('rows', textKeys)!.keys({ limit: 1_000_000 });
  } finally {
    await copy.close();
  }
}

describe('copyTo', () => {
  it('copies one moment while commits go on', async () => {
    fill(10_000);
    let pairs = 0;
    while (pairs < 20) commitPair(pairs++);
    const before = pairs;
    const copy = environment.copyTo(join(parent, 'copy'));
    let [isBegun, isDone, begunAt] = [false, false, 0];
    void copy.begun.then(() => {
      isBegun = true;
      begunAt = pairs;
    });
    void copy.done.then(() => {
      isDone = true;
    });
    while (!isDone) {
      commitPair(pairs++);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isBegun).toBe(true);
    const keys = await keysIn(join(parent, 'copy'));
    const left = keys.filter((each) => each.startsWith('left')).map((each) => each.slice(5));
    const right = keys.filter((each) => each.startsWith('right')).map((each) => each.slice(6));
    expect(left).toEqual(right);
    // No hole, nothing from before the call missing, and nothing in it from after it said that it has begun.
    expect(left).toEqual(Array.from({ length: left.length }, (_, i) => key(i)));
    expect(left.length).toBeGreaterThanOrEqual(before);
    expect(left.length).toBeLessThanOrEqual(begunAt);
    expect(keys).toHaveLength(10_000 + 2 * left.length);
  });

  it('leaves free pages out', async () => {
    fill(5_000);
    environment.transaction(() => {
      for (let i = 10; i < 5_000; i++) rows.delete(key(i));
    });
    await environment.copyTo(join(parent, 'copy')).done;
    expect(statSync(join(parent, 'copy', 'data.mdb')).size).toBeLessThan(
      statSync(join(parent, 'log', 'data.mdb')).size / 10,
    );
    expect(await keysIn(join(parent, 'copy'))).toHaveLength(10);
  });

  it('copies an environment in which nothing is', async () => {
    await environment.copyTo(join(parent, 'copy')).done;
    expect(readdirSync(join(parent, 'copy'))).toEqual(['data.mdb']);
    expect(await keysIn(join(parent, 'copy'))).toEqual([]);
  });

  it('is waited for by close', async () => {
    fill(5_000);
    const copy = environment.copyTo(join(parent, 'copy'));
    await environment.close();
    await copy.done;
    expect(await keysIn(join(parent, 'copy'))).toHaveLength(5_000);
  });

  it('refuses to write over a file, and says where', async () => {
    await environment.copyTo(join(parent, 'copy')).done;
    const second = environment.copyTo(join(parent, 'copy'));
    await expect(second.begun).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(second.done).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining(join(parent, 'copy')),
    });
  });

  it('begins nothing once it is closed', async () => {
    await environment.close();
    expect(() => environment.copyTo(join(parent, 'copy'))).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
  });
});

it('looks for no dead readers once it is closed', async () => {
  expect(environment.clearDeadReaders()).toBe(0);
  await environment.close();
  expect(() => environment.clearDeadReaders()).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
});
