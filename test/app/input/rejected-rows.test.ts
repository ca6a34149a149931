import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REJECTED_ROWS_FILE, RejectedRows } from '../../../src/app/input/rejected-rows.ts';
import { temporaryDirectory } from '../../embedded-log.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const row = (line: number, raw = 'raw') => ({ kind: 'rejected', line, reason: 'is wrong', raw }) as const;
const lines = () =>
  readFileSync(join(directory.path, REJECTED_ROWS_FILE), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('RejectedRows', () => {
  it('keeps rows behind those that are there, card numbers masked', async () => {
    const first = await RejectedRows.open(directory.path, 'a.csv');
    await first.add(row(3, '4111 1111 1111 1111,"cvv":"123"\n\u0000'));
    await first.flush();
    expect(lines()).toEqual([
      { file: 'a.csv', line: 3, reason: 'is wrong', raw: '**** **** **** 1111,"cvv":"***"\n\u0000' },
    ]);
    expect(first.count).toBe(1);
    await first.close();

    const second = await RejectedRows.open(directory.path, 'b.csv');
    await second.add(row(1));
    await second.close();
    expect(lines().map(({ file, line }) => `${file} ${line}`)).toEqual(['a.csv 3', 'b.csv 1']);
    expect(statSync(second.path).mode & 0o077).toBe(0);
  });

  it('writes while it goes on, so that many rows take no memory', async () => {
    const rejected = await RejectedRows.open(directory.path, 'a.csv');
    for (let line = 1; line <= 1_000; line++) await rejected.add(row(line, 'x'.repeat(1_000)));
    expect(statSync(rejected.path).size).toBeGreaterThan(500_000);
    await rejected.close();
    expect(lines()).toHaveLength(1_000);
  });

  it('begins a new line behind one that a crash cut', async () => {
    writeFileSync(join(directory.path, REJECTED_ROWS_FILE), '{"file":"a.csv","li');
    const rejected = await RejectedRows.open(directory.path, 'b.csv');
    await rejected.add(row(1));
    await rejected.close();
    expect(readFileSync(rejected.path, 'utf8').split('\n')).toEqual([
      '{"file":"a.csv","li',
      expect.stringContaining('b.csv'),
      '',
    ]);
  });

  it.skipIf(!existsSync('/dev/full'))('says STORAGE_FULL on a full disk', async () => {
    symlinkSync('/dev/full', join(directory.path, REJECTED_ROWS_FILE));
    const rejected = await RejectedRows.open(directory.path, 'a.csv');
    await rejected.add(row(1));
    await expect(rejected.flush()).rejects.toMatchObject({ code: 'STORAGE_FULL', retriable: true });
    await expect(rejected.close()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  });

  it('says STORAGE_FAILED where the file may not be written', async () => {
    await expect(RejectedRows.open(join(directory.path, 'none'), 'a')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });
});
