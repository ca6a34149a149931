import { endOfQuoted } from '../connection/sql-tokens.ts';

/** A type of ClickHouse taken apart: `Map(String, Array(Int8))` is `Map` with the arguments `String` and `Array(Int8)`. */
export interface TypeText {
  readonly name: string;
  readonly arguments: readonly string[];
}

/** Takes the outermost type apart; commas within brackets and quotes do not count. */
export function splitType(type: string): TypeText {
  const open = type.indexOf('(');
  if (open < 0 || !type.endsWith(')')) return { name: type, arguments: [] };
  const inner = type.slice(open + 1, -1);
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < inner.length; ) {
    const character = inner[at]!;
    if (character === "'" || character === '`') {
      at = endOfQuoted(inner, at);
      continue;
    }
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(inner.slice(start, at).trim());
      start = at + 1;
    }
    at++;
  }
  parts.push(inner.slice(start).trim());
  return { name: type.slice(0, open), arguments: parts };
}

/** The type of an element of a tuple, without its name. */
export function elementType(element: string): string {
  return element.replace(/^(?:`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*) +/, '');
}
