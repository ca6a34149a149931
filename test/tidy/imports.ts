import { posix } from 'node:path';
import { codeText } from './code-text.ts';
import { lineAt, type SourceFile } from './source-file.ts';

/** One import or re-export. `target` is the repository path of a relative one, else the specifier as written. */
export interface Import {
  readonly target: string;
  readonly isRelative: boolean;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

// Only a real clause may stand between the keyword and `from`, so that a match never runs on into the next statement.
const statement = /\b(?:import|export)\b(\s+type\b)?\s*(?:[\w$*\s,{}]*?\bfrom\s*)?(['"])([^'"\n]+)\2/g;
const call = /\b(?:import|require)\s*\(\s*(['"])([^'"\n]+)\1/g;

/** Every import of a file: statements, re-exports, dynamic ones. */
export function importsOf(file: SourceFile): readonly Import[] {
  const text = codeText(file.text, 'codeAndStrings');
  const make = (specifier: string, isTypeOnly: boolean, index: number): Import => {
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? posix.join(posix.dirname(file.path), specifier) : specifier;
    return { target, isRelative, isTypeOnly, line: lineAt(text, index) };
  };
  return [
    ...[...text.matchAll(statement)].map((match) => make(match[3] ?? '', match[1] !== undefined, match.index)),
    ...[...text.matchAll(call)].map((match) => make(match[2] ?? '', false, match.index)),
  ];
}

/** The package of a specifier: `@a/b/c` is of `@a/b`, `lmdb/x` of `lmdb`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Whether `path` is `place` or lies under it; a place that ends in .ts is one file. */
export function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
