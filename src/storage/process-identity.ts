import { readFileSync } from 'node:fs';

/** What tells a process from a later one under the same number. Fields are null where the system does not say. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start, from /proc/<pid>/stat. */
  readonly startTime: string | null;
  readonly bootId: string | null;
}

/** How a data directory learns who it is and whether another process still runs. */
export interface ProcessTable {
  self(): ProcessIdentity;
  isAlive(identity: ProcessIdentity): boolean;
}

/** The processes of this machine. Linux says when a process started; elsewhere the number alone has to do. */
export const systemProcesses: ProcessTable = {
  self: () => ({ pid: process.pid, startTime: startTimeOf(process.pid), bootId: bootId() }),
  isAlive(identity) {
    const boot = bootId();
    if (boot !== null && identity.bootId !== null && boot !== identity.bootId) return false;
    if (!isRunning(identity.pid)) return false;
    const startTime = startTimeOf(identity.pid);
    return startTime === null || identity.startTime === null || startTime === identity.startTime;
  },
};

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function startTimeOf(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command's name stands in parentheses and may hold spaces; the start time is the 20th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie still has its number, but it holds nothing any more.
  if (fields[0] === 'Z') return 'ended';
  return fields[19] ?? null;
}

function bootId(): string | null {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
