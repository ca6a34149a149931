import { spawn } from 'node:child_process';

/** A tool of another project that takes longer has hung. */
const COMMAND_MAX_MS = 120_000;

/** Runs a command with that input, and returns what it printed. Throws with its own words where it fails. */
export function ownCommand(command: string, args: readonly string[], input = ''): Promise<Buffer> {
  const child = spawn(command, args, { timeout: COMMAND_MAX_MS });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // One that ends early closes its input; its exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(Buffer.concat(out));
      else reject(new Error(`${command} ${args.join(' ')} ended with ${status}: ${Buffer.concat(err).toString()}`));
    });
  });
}
