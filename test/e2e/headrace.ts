import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/headrace.mjs', import.meta.url));
/** A command that takes longer has hung; one that serves is there as long as the tests that ask it, each with a limit of its own. */
const COMMAND_MAX_MS = 240_000;

export interface CommandResult {
  /** Exit code; null where a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs the command as a user does, and resolves when it has ended. */
export function headrace(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const running = startHeadrace(args, options.environment);
  running.child.stdin!.end(options.stdin ?? '');
  return running.ended;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandResult>;
  /** Resolves when standard error holds the text; rejects when the command ends before. */
  said(text: string | RegExp): Promise<void>;
  /** What standard error holds so far. */
  told(): string;
}

/** Starts a command that goes on until it is told to end. */
export function startHeadrace(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  maxMs = COMMAND_MAX_MS,
): RunningCommand {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, NO_COLOR: '1', ...environment } });
  let [out, err] = ['', ''];
  const waiting: {
    readonly text: string | RegExp;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    for (const { text, resolve } of waiting) if (err.search(text) >= 0) resolve();
  });
  // Commands that do not read their input close it.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<CommandResult>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), maxMs);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      for (const { reject } of waiting) reject(new RangeError(`it ended before:\n${err}`));
      resolve({ status, signal, out, err });
    });
  });
  const said = (text: string | RegExp) =>
    err.search(text) >= 0
      ? Promise.resolve()
      : new Promise<void>((resolve, reject) => void waiting.push({ text, resolve, reject }));
  return { child, ended, said, told: () => err };
}

/** Waits for its end, which is to be a good one; otherwise what it said of the cause is in the failure. */
export async function endsWell({ ended }: Pick<RunningCommand, 'ended'>): Promise<CommandResult> {
  const result = await ended;
  const { status, signal, err } = result;
  expect({ status, signal }, err).toEqual({ status: 0, signal: null });
  return result;
}

/** A new directory for the files of one test. */
export function workplace(): { readonly path: string; file(name: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'headrace-e2e-'));
  return { path, file: (name) => join(path, name), remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Rows of a query as objects. */
export async function query<T>(data: string, sql: string): Promise<readonly T[]> {
  const { status, out, err } = await headrace(['query', sql, '--json', '--data', data]);
  if (status !== 0) throw new RangeError(err);
  return out.trim() === ''
    ? []
    : out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as T);
}
