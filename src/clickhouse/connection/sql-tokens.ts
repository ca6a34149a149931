/** A piece of SQL as ClickHouse's lexer cuts it, as far as the guard and the splitting of statements need it. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol';
  /** Quoted names and texts without their quotes, and with their escapes as they stand. */
  readonly text: string;
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
}

const WORD = /[A-Za-z_][A-Za-z0-9_$]*/y;
const NUMBER = /[0-9][A-Za-z0-9_.]*/y;

/**
 * The tokens of a statement one by one. Without `skipsComments` what looks like a comment is taken for symbols and words, as is right
 * for what ClickHouse has formatted, which has none.
 */
export function* tokensOf(sql: string, { skipsComments = false } = {}): Generator<Token> {
  let at = 0;
  while (at < sql.length) {
    const start = at;
    const character = sql[at]!;
    if (skipsComments && isComment(sql, at)) {
      at = endOfComment(sql, at);
    } else if (character === "'" || character === '`' || character === '"') {
      at = endOfQuoted(sql, at);
      yield { kind: character === "'" ? 'text' : 'quoted', text: sql.slice(start + 1, at - 1), start, end: at };
    } else {
      const word = matchAt(WORD, sql, at);
      const number = word ?? matchAt(NUMBER, sql, at);
      at += number?.length ?? 1;
      if (word !== undefined) yield { kind: 'word', text: word, start, end: at };
      else if (number !== undefined) yield { kind: 'number', text: number, start, end: at };
      else if (!/\s/.test(character)) yield { kind: 'symbol', text: character, start, end: at };
    }
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Whether a comment begins there. */
export function isComment(sql: string, at: number): boolean {
  return sql.startsWith('--', at) || sql.startsWith('/*', at);
}

/** Behind the comment that begins at `start`. */
export function endOfComment(sql: string, start: number): number {
  const isLine = sql.startsWith('--', start);
  const mark = isLine ? '\n' : '*/';
  const found = sql.indexOf(mark, isLine ? start : start + 2);
  return found < 0 ? sql.length : found + mark.length;
}

/** Behind the closing quote; a quote inside is doubled or has a backslash before it. */
export function endOfQuoted(sql: string, start: number): number {
  const quote = sql[start];
  for (let at = start + 1; at < sql.length; at++) {
    if (sql[at] === '\\') at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return sql.length;
}

/** Whether it is this word, given in capitals; a quoted name is none. */
export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word;
}

export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}
