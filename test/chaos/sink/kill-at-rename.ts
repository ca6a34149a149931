import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

const RENAMES = 'rename,renameat,renameat2';

/** Whether there is a tool that stops a process at a system call. */
export function hasStrace(): boolean {
  return spawnSync('strace', ['-V']).status === 0;
}

/**
 * From now on the process dies where it is about to give a file or directory its name: ClickHouse has then noted the token of an
 * insert, and the part that it belongs to is not there yet.
 */
export function killAtRename(pid: number): ChildProcess {
  const inject = `inject=${RENAMES}:signal=SIGKILL:when=1`;
  return spawn('strace', ['-f', '-qq', '-o', '/dev/null', '-p', String(pid), '-e', `trace=${RENAMES}`, '-e', inject], {
    stdio: 'ignore',
  });
}
