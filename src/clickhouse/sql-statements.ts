import { endOfQuoted } from './connection/read-guard.ts';

/** Cuts a script at its semicolons, not at those in quotes and comments; statements without content are left out. */
export function splitStatements(script: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  let hasContent = false;
  for (let at = 0; at < script.length; ) {
    const character = script[at]!;
    const end = endOfToken(script, at);
    if (character === ';') {
      if (hasContent) statements.push(current.trim());
      current = '';
      hasContent = false;
    } else {
      if (!isComment(script, at) && !/\s/.test(character)) hasContent = true;
      current += script.slice(at, end);
    }
    at = end;
  }
  if (hasContent) statements.push(current.trim());
  return statements;
}

function isComment(script: string, at: number): boolean {
  return script.startsWith('--', at) || script.startsWith('/*', at);
}

function endOfToken(script: string, at: number): number {
  const character = script[at]!;
  if (character === "'" || character === '`' || character === '"') return endOfQuoted(script, at);
  if (script.startsWith('--', at)) return endBehind(script, '\n', at);
  if (script.startsWith('/*', at)) return endBehind(script, '*/', at + 2);
  return at + 1;
}

function endBehind(script: string, mark: string, from: number): number {
  const found = script.indexOf(mark, from);
  return found < 0 ? script.length : found + mark.length;
}
