import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../tidy/source-file.ts';
import type { CommandResult } from './headrace.ts';

const PACKAGES = join(root, 'node_modules');
/** npm waits for the builds of other tests; a true installation brings 600 MB. */
const NPM_MAX_MS = 400_000;
const COMMAND_MAX_MS = 120_000;

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

export interface PackedFile {
  /** The file that `npm pack` made. */
  readonly path: string;
  /** What is in it, without `package/` before. */
  readonly files: readonly string[];
  remove(): void;
}

/** Makes the file that would be published; npm builds it first. */
export async function pack(): Promise<PackedFile> {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-packed-'));
  const { status, out, err } = await run('npm', ['pack', '--json', '--pack-destination', folder], root, NPM_MAX_MS);
  if (status !== 0) throw new RangeError(err);
  const [{ filename, files }] = JSON.parse(out.slice(out.indexOf('['))) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  return {
    path: join(folder, filename),
    files: files.map(({ path }) => path),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface BlankProject {
  readonly path: string;
  file(name: string): string;
  write(files: Readonly<Record<string, string>>): void;
  /** Runs a program of the project: `node`, or what a package has installed, as `npx` does. */
  run(program: string, ...args: readonly string[]): Promise<CommandResult>;
  remove(): void;
}

/**
 * A folder outside of the repository after `npm init -y`, with the packed file in it. Where CI says so it is installed as a user installs it, which
 * takes half a minute and a registry. Else the file is unpacked into node_modules, and what package.json names as its dependencies, only
 * that, is linked from the repository's: what the package needs and does not name is missing here as well.
 */
export async function blankProject(
  packed: PackedFile,
  isInstalled = process.env.CI !== undefined,
): Promise<BlankProject> {
  const path = mkdtempSync(join(tmpdir(), 'headrace-project-'));
  await succeed(run('npm', ['init', '-y'], path, NPM_MAX_MS));
  if (isInstalled) await succeed(run('npm', ['install', '--prefer-offline', packed.path], path, NPM_MAX_MS));
  else await unpack(packed, path);
  // What a user has beside it: a compiler, types of Node.js and a test runner.
  for (const name of ['typescript', '@types/node', 'undici-types', 'vitest']) link(path, name);
  return projectAt(path);
}

async function unpack(packed: PackedFile, path: string): Promise<void> {
  const folder = join(path, 'node_modules', 'headrace');
  mkdirSync(folder, { recursive: true });
  await succeed(run('tar', ['xzf', packed.path, '--strip-components=1', '-C', folder], path, COMMAND_MAX_MS));
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as PackageJson;
  for (const name of Object.keys(dependencies)) link(path, name);
  for (const name of Object.keys(optionalDependencies)) if (existsSync(join(PACKAGES, name))) link(path, name);
}

function link(path: string, name: string): void {
  const target = join(path, 'node_modules', name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(PACKAGES, name), target);
}

function binOf(path: string, program: string): string {
  const name = program === 'tsc' ? 'typescript' : program;
  const { bin } = JSON.parse(readFileSync(join(path, 'node_modules', name, 'package.json'), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>;
  };
  return join(path, 'node_modules', name, bin[program]!);
}

/** A copy of an example in a project of its own, which has the packages of another one. */
export function projectWith(project: BlankProject, folder: string): BlankProject {
  const path = mkdtempSync(join(tmpdir(), 'headrace-example-'));
  cpSync(folder, path, { recursive: true });
  symlinkSync(project.file('node_modules'), join(path, 'node_modules'));
  if (!existsSync(join(path, 'package.json'))) cpSync(project.file('package.json'), join(path, 'package.json'));
  return projectAt(path);
}

function projectAt(path: string): BlankProject {
  return {
    path,
    file: (name) => join(path, name),
    write: (files) => {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    run: (program, ...args) =>
      run(process.execPath, program === 'node' ? args : [binOf(path, program), ...args], path, COMMAND_MAX_MS),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

async function succeed(running: Promise<CommandResult>): Promise<void> {
  const { status, out, err } = await running;
  if (status !== 0) throw new RangeError(`${out}\n${err}`);
}

function run(command: string, args: readonly string[], cwd: string, timeout: number): Promise<CommandResult> {
  // A test runner of its own must not take itself for a part of this one.
  const kept = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_|npm_|HEADRACE_)/.test(name));
  const env = { ...Object.fromEntries(kept), NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = execFile(command, args, { cwd, env, timeout, maxBuffer: 64 * 1024 * 1024 }, (_error, out, err) =>
      resolve({ status: child.exitCode, signal: child.signalCode, out, err }),
    );
    child.stdin?.end();
  });
}
