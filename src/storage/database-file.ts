import { closeSync, fsyncSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** LMDB's mdb.c: MDB_MAGIC stands behind the page header of both meta pages. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const PAGE_SIZES: ReadonlySet<number> = new Set([4_096, 8_192, 16_384, 32_768, 65_536]);
const PROBE_BYTES = 64 * 1024;

/**
 * What keeps the file in the directory from being a database, null where nothing does. The lmdb package does not
 * survive opening a file that is none (it ends the process with a segmentation fault), so this looks first.
 */
export function databaseFault(directory: string): string | null {
  const size = statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0;
  // Nothing yet, or a creation that was cut off: LMDB begins anew.
  if (size === 0) return null;
  const first = Buffer.alloc(PAGE_SIZE_AT + 4);
  const second = Buffer.alloc(MAGIC_AT + 4);
  const file = openSync(join(directory, 'data.mdb'), 'r');
  try {
    readSync(file, first, 0, first.length, 0);
    const pageSize = first.readUInt32LE(PAGE_SIZE_AT);
    if (first.readUInt32LE(MAGIC_AT) !== MAGIC || !PAGE_SIZES.has(pageSize)) return 'data.mdb is not a database';
    if (size < 2 * pageSize) return `data.mdb is cut off at ${size} bytes`;
    readSync(file, second, 0, second.length, pageSize);
    return second.readUInt32LE(MAGIC_AT) === MAGIC ? null : 'data.mdb is damaged in its second page';
  } finally {
    closeSync(file);
  }
}

/**
 * Throws ENOSPC where the directory has no room for a small file. LMDB maps its lock file without asking for the
 * blocks, and a full disk then ends the process with a bus error.
 */
export function requireSpace(directory: string): void {
  const probe = join(directory, `.space-${process.pid}`);
  const file = openSync(probe, 'w');
  try {
    writeSync(file, Buffer.alloc(PROBE_BYTES));
    fsyncSync(file);
  } finally {
    closeSync(file);
    rmSync(probe, { force: true });
  }
}
