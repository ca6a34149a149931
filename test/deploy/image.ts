import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../tidy/source-file.ts';
import {
  execForm,
  type Instruction,
  isSent,
  readDockerfile,
  type Stage,
  theInstruction,
  variablesOf,
} from './dockerfile.ts';

const BUILD_TIMEOUT_MS = 240_000;

export interface Image {
  /** The command line that the image starts, with further arguments behind its entry point. */
  command(args: readonly string[]): readonly string[];
  /** What the image tells the process in its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where a path of the image lies here. */
  path(inside: string): string;
}

/**
 * Performs the steps of the Dockerfile in a directory: each stage gets a folder of its own and in it nothing but what is copied there. `npm ci` links
 * the packages that are installed already, those for development only where the step wants them; the build is the real one.
 */
export async function buildImage(directory: string): Promise<Image> {
  const built = new Map<string, string>();
  const stages = readDockerfile();
  for (const [number, stage] of stages.entries()) {
    const folder = join(directory, stage.name === '' ? 'image' : `${number}-${stage.name}`);
    await buildStage(stage, folder, built);
    built.set(stage.name, folder);
  }
  const [last, folder] = [stages.at(-1)!, built.get('')!];
  const path = (inside: string) => join(folder, inside);
  return {
    command: (args) => {
      const [, script] = execForm(theInstruction(last, 'ENTRYPOINT').text);
      return [path(script!), ...args];
    },
    variables: variablesOf(last),
    path,
  };
}

async function buildStage(stage: Stage, folder: string, built: ReadonlyMap<string, string>): Promise<void> {
  let workdir = '/';
  mkdirSync(folder, { recursive: true });
  for (const instruction of stage.instructions) {
    if (instruction.name === 'WORKDIR') {
      workdir = instruction.text;
      mkdirSync(join(folder, workdir), { recursive: true });
    }
    if (instruction.name === 'COPY') copy(instruction, join(folder, workdir), built);
    if (instruction.name === 'RUN') await run(instruction.text, folder, join(folder, workdir));
  }
}

function copy({ flags, text }: Instruction, workdir: string, built: ReadonlyMap<string, string>): void {
  const paths = text.split(' ');
  const to = paths.pop()!;
  const isFolder = paths.length > 1 || to.endsWith('/');
  const from = flags.from === undefined ? root : built.get(flags.from)!;
  for (const path of paths) {
    const source = join(from, path);
    const target = join(workdir, to, isFolder ? basename(path) : '');
    mkdirSync(dirname(target), { recursive: true });
    const filter = (each: string) => flags.from !== undefined || isSent(each.slice(root.length + 1));
    cpSync(source, target, { recursive: true, verbatimSymlinks: true, filter });
  }
}

async function run(text: string, folder: string, workdir: string): Promise<void> {
  if (text.startsWith('npm ci ')) return linkPackages(workdir, text.includes('--omit=dev'));
  if (text === 'npm run build') {
    const { build } = (JSON.parse(readFileSync(join(workdir, 'package.json'), 'utf8')) as PackageJson).scripts;
    const [command, ...args] = build.split(' ');
    if (command !== 'node') throw new Error(`The test does not know how to run ${build}`);
    await promisify(execFile)(process.execPath, args, { cwd: workdir, timeout: BUILD_TIMEOUT_MS });
    return;
  }
  const [, target, link, data, owned] = /^ln -s (\S+) (\S+) && mkdir (\S+) && chown \S+ (\S+)$/.exec(text) ?? [];
  if (link === undefined || data !== owned) throw new Error(`The test does not know how to run ${text}`);
  mkdirSync(dirname(join(folder, link)), { recursive: true });
  symlinkSync(join(folder, target!), join(folder, link));
  mkdirSync(join(folder, data!), { recursive: true });
}

interface PackageJson {
  readonly scripts: Readonly<Record<'build', string>>;
}

function linkPackages(workdir: string, omitsDevelopment: boolean): void {
  const packages = join(workdir, 'node_modules');
  if (!omitsDevelopment) {
    symlinkSync(join(root, 'node_modules'), packages);
    return;
  }
  const lock = JSON.parse(readFileSync(join(workdir, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const isTop = path !== '' && path.lastIndexOf('node_modules/') === 0;
    const installed = join(root, path);
    if (!isTop || dev === true || !existsSync(installed)) continue;
    mkdirSync(dirname(join(workdir, path)), { recursive: true });
    symlinkSync(installed, join(workdir, path));
  }
}
