import { spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadraceError } from '../../src/errors.ts';
import { DATA_FORMAT, type DataDirectory, openDataDirectory, readOwner } from '../../src/storage/data-directory.ts';
import { Environment } from '../../src/storage/environment.ts';
import { MetaTable, textKeys } from '../../src/storage/meta-table.ts';
import { type ProcessIdentity, systemProcesses } from '../../src/storage/process-identity.ts';

let parent: string;
let path: string;
const opened: DataDirectory[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'headrace-directory-'));
  path = join(parent, 'data');
});
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.close();
  rmSync(parent, { recursive: true, force: true });
});

const open = (at = path, options = {}) => {
  const directory = openDataDirectory(at, { clock: Date.now, ...options });
  opened.push(directory);
  return directory;
};
const refusal = (action: () => unknown): HeadraceError => {
  try {
    action();
  } catch (error) {
    if (error instanceof HeadraceError) return error;
    throw error;
  }
  throw new HeadraceError('PROCESSING_FAILED', 'nothing was refused');
};

/** Writes an owner's row as another process would have. */
async function plantOwner(owner: ProcessIdentity & { address?: string; since?: number }): Promise<void> {
  await open().close();
  const environment = Environment.open(join(path, 'log'));
  const meta = MetaTable.of(environment)!;
  environment.transaction(() => meta.put('owner', owner));
  await environment.close();
}

describe('openDataDirectory', () => {
  it('creates what is missing, and opens it again', async () => {
    const first = open(join(path, 'deep'), { clock: () => 42 });
    expect(first.owner).toMatchObject({ pid: process.pid, since: 42 });
    await first.close();
    expect(open(join(path, 'deep')).path).toBe(first.path);
  });

  it('refuses a second opening in this process, by whatever name', async () => {
    const first = open();
    first.setAddress('http://127.0.0.1:8080');
    symlinkSync(path, join(parent, 'link'));
    for (const name of [
      path,
      `${path}/`,
      join(parent, 'link'),
      relative(process.cwd(), path),
      join(path, '..', 'data'),
    ]) {
      const error = refusal(() => openDataDirectory(name, { clock: Date.now }));
      expect(error.code).toBe('DATA_DIRECTORY_IN_USE');
      expect(error.message).toContain(`process ${process.pid}`);
      expect(error.message).toContain('http://127.0.0.1:8080');
    }
    await first.close();
    open(join(parent, 'link'));
  });

  it('refuses while another process lives, and takes over when it is gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const identity = {
        ...systemProcesses.self(),
        pid: child.pid!,
        startTime: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!,
      };
      await plantOwner({ ...identity, address: 'http://127.0.0.1:9999' });
      const error = refusal(() => open());
      expect(error.code).toBe('DATA_DIRECTORY_IN_USE');
      expect(error.message).toContain(`process ${child.pid}`);
      expect(error.message).toContain('http://127.0.0.1:9999');
      expect((await readOwner(path))?.address).toBe('http://127.0.0.1:9999');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    } finally {
      child.kill('SIGKILL');
    }
    expect(await readOwner(path)).toBeNull();
    expect(open().owner.pid).toBe(process.pid);
  });

  it.each([
    ['started at another time', { startTime: '1' }],
    ['was before the last boot', { bootId: 'another boot' }],
    ['does not exist', { pid: 2 ** 22 + 1 }],
  ])('takes over from a process that %s', async (_, changes) => {
    await plantOwner({ ...systemProcesses.self(), ...changes });
    open();
  });

  it('refuses a newer format before it changes anything', async () => {
    await open().close();
    const environment = Environment.open(join(path, 'log'));
    const meta = MetaTable.of(environment)!;
    environment.transaction(() => meta.put('format', DATA_FORMAT + 1));
    await environment.close();
    const error = refusal(() => open());
    expect(error.code).toBe('DATA_DIRECTORY_NEWER');
    expect(error.message).toMatch(/has format 3,.*knows up to 2\. Update headrace, or restore a backup/);
    await expect(readOwner(path)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_NEWER' });
  });

  it('refuses a file, what lies under a file, and a log that is no database', async () => {
    writeFileSync(path, 'a file');
    for (const name of [path, join(path, 'below')]) {
      const error = refusal(() => open(name));
      expect(error.code).toBe('DATA_DIRECTORY_INVALID');
      expect(error.message).toMatch(/Choose/);
    }
    const other = join(parent, 'other');
    mkdirSync(join(other, 'log'), { recursive: true });
    writeFileSync(join(other, 'log', 'data.mdb'), 'not a database'.repeat(1_000));
    expect(refusal(() => open(other)).code).toBe('DATA_DIRECTORY_INVALID');
    const third = join(parent, 'third');
    mkdirSync(third);
    writeFileSync(join(third, 'log'), 'a file');
    expect(refusal(() => open(third)).code).toBe('DATA_DIRECTORY_INVALID');
  });

  it.each([100, 4_096, 8_000])('refuses a database that is cut off at %d bytes', async (length) => {
    await open().close();
    truncateSync(join(path, 'log', 'data.mdb'), length);
    const error = refusal(() => open());
    expect(error.code).toBe('DATA_DIRECTORY_INVALID');
    await expect(readOwner(path)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_INVALID' });
  });

  it('refuses the database of another program and leaves it as it is', async () => {
    mkdirSync(join(path, 'log'), { recursive: true });
    const foreign = Environment.open(join(path, 'log'));
    foreign.table('theirs', textKeys);
    await foreign.close();
    expect(refusal(() => open()).code).toBe('DATA_DIRECTORY_INVALID');
    expect(refusal(() => open()).message).toContain('another program');
  });

  it('gives the directory up when it is closed, and closing twice is fine', async () => {
    const directory = open();
    expect(await readOwner(path)).toMatchObject({ pid: process.pid });
    await directory.close();
    await directory.close();
    expect(await readOwner(path)).toBeNull();
    expect(refusal(() => directory.setAddress('http://127.0.0.1:1')).code).toBe('LOG_CLOSED');
  });
});

describe('readOwner', () => {
  it('finds nobody where nothing is, and creates nothing', async () => {
    expect(await readOwner(join(parent, 'nothing'))).toBeNull();
    mkdirSync(path);
    expect(await readOwner(path)).toBeNull();
    expect(() => statSync(join(path, 'log'))).toThrow();
  });

  it('shows address and token', async () => {
    open().setAddress('http://127.0.0.1:8080', 'secret');
    expect(await readOwner(path)).toMatchObject({ address: 'http://127.0.0.1:8080', token: 'secret' });
  });
});
