import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A bug that is planted to see whether a checker finds it. */
export interface Plant {
  readonly name: string;
  /** What is wrong then. */
  readonly what: string;
  /** The patch's file. */
  readonly path: string;
}

/** What a build does not need of the repository. */
const NOT_COPIED: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git']);
/** The patches of a folder, by name. */
export function plantsIn(folder: string): readonly Plant[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map((file) => {
      const path = join(folder, file);
      const what = readFileSync(path, 'utf8').split('\n\n')[0]!.replaceAll('\n', ' ');
      return { name: file.slice(0, -'.patch'.length), what, path };
    });
}

/** A copy of the sources with the plant in them; throws where the patch does not fit any more. */
export async function plantedCopy(root: string, { path }: Plant, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(root)) {
    if (!NOT_COPIED.has(name)) cpSync(join(root, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  await promisify(execFile)('git', ['apply', path], { cwd: directory });
}
