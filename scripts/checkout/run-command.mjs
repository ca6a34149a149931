import { spawn } from 'node:child_process';

/**
 * Runs a command to its end with its output collected. Never rejects: `status` is null when it did not start or was
 * killed, and `reason` says in words how it ended.
 */
export function runCommand(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const output = () => Buffer.concat(chunks).toString('utf8');
    child.on('error', (error) => resolve({ status: null, reason: error.message, output: output() }));
    child.on('close', (status, signal) => {
      resolve({ status, reason: signal === null ? `exit code ${status}` : `killed by ${signal}`, output: output() });
    });
  });
}

/**
 * Runs a command with our terminal, waits for its end and returns its exit code (128 + the signal's number is not
 * known here, so a child killed by a signal counts as 1). Ctrl-C reaches the child by itself, as it is in our process
 * group; we wait for how it ends.
 */
export function runAttached(command, args, cwd, environment = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: environment, stdio: 'inherit' });
    const forward = (signal) => child.kill(signal);
    const ignore = () => {};
    process.on('SIGTERM', forward);
    process.on('SIGINT', ignore);
    const finish = (status) => {
      process.off('SIGTERM', forward);
      process.off('SIGINT', ignore);
      resolve(status);
    };
    child.on('error', (error) => {
      process.stderr.write(`headrace: cannot start ${command}: ${error.message}\n`);
      finish(1);
    });
    child.on('close', (status) => finish(status ?? 1));
  });
}
