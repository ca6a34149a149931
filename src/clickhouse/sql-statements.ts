import { endOfComment, endOfQuoted, isComment } from './connection/sql-tokens.ts';

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

function endOfToken(script: string, at: number): number {
  const character = script[at]!;
  if (character === "'" || character === '`' || character === '"') return endOfQuoted(script, at);
  return isComment(script, at) ? endOfComment(script, at) : at + 1;
}
