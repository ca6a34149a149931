import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const heartbeatMs = 1_000;
const staleAfterMs = 20_000;
const pollMs = 100;
const waitMaxMs = 600_000;

/**
 * Runs `work` while holding the checkout's lock, so that two processes neither install nor build at once. The holder
 * touches the lock every second; one that was not touched for 20 s, or whose process is gone, is taken over.
 */
export async function withLock(root, onWait, work) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const path = join(root, 'dist', '.lock');
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  const deadline = Date.now() + waitMaxMs;
  let isWaiting = false;
  while (!take(path, mine)) {
    if (removeIfStale(path)) continue;
    if (Date.now() > deadline) throw new Error(`another process has held ${path} for ${waitMaxMs / 60_000} minutes`);
    if (!isWaiting) onWait();
    isWaiting = true;
    await sleep(pollMs);
  }
  const heartbeat = setInterval(() => touch(path), heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (read(path) === mine) rmSync(path, { force: true });
  }
}

function take(path, mine) {
  try {
    writeFileSync(path, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(path) {
  const seen = read(path);
  if (seen === undefined || !isStale(path, seen)) return false;
  // Renaming first lets exactly one of several waiters remove the stale lock. Whoever renamed a fresh lock of another
  // waiter by this, which the contents show, gives it back.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  const removed = read(aside);
  rmSync(aside, { force: true });
  if (removed !== seen && removed !== undefined) take(path, removed);
  return true;
}

function isStale(path, contents) {
  try {
    if (Date.now() - statSync(path).mtimeMs > staleAfterMs) return true;
    const holder = JSON.parse(contents);
    if (holder.host !== hostname()) return false;
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    // An unreadable lock is one that is being written right now, or was cut short: its age decides.
    return error.code === 'ESRCH';
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function touch(path) {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // The lock was taken over or dist was removed; the build's own result is what counts.
  }
}
