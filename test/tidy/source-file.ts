import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the repository; the path is relative to its root and has forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A breach of a house rule. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

/** An exception from a rule, with the reason why it stands. */
export interface Exception {
  readonly path: string;
  readonly reason: string;
}

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const ignoredFolders = ['.git', 'node_modules', 'dist', 'data', 'coverage', '.vitest'];

/** All files that git tracks or would track; without git's data (an unpacked archive) all but the ignored folders. */
export function repositoryFiles(): readonly SourceFile[] {
  const paths = existsSync(join(root, '.git')) ? pathsFromGit() : pathsUnder('');
  return paths.flatMap((path) => {
    try {
      return [{ path, text: readFileSync(join(root, path), 'utf8') }];
    } catch (error) {
      // Deleted but still in git's index, or deleted while we read.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  });
}

function pathsFromGit(): string[] {
  const output = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' });
  return output.split('\0').filter((path) => path !== '');
}

function pathsUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ignoredFolders.includes(entry.name) ? [] : pathsUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** One violation for each match of `pattern` (global) in `text`. */
export function violationsOf(
  path: string,
  text: string,
  pattern: RegExp,
  what: (found: string) => string,
): Violation[] {
  return [...text.matchAll(pattern)].map((match) => ({
    path,
    line: lineAt(text, match.index),
    what: what(match[0].trim()),
  }));
}
