import { HeadraceError } from '../../errors.ts';

/**
 * What readonly mode lets through although it reads or writes outside of the tables. Measured on engine 26.7 with
 * readonly = 1: the function file() reads any file, `x IN file(...)` and DESCRIBE of a table function do too, INTO OUTFILE
 * writes one, KILL QUERY ends the writer's insert, and a second statement may follow a first.
 */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set(['file', 'catboostevaluate']);

/** Functions that send text to outside services. */
const OUTSIDE_FUNCTIONS = /^ai(classify|generate|embed|extract|translate)/;

/** Table functions that make rows out of nothing or out of tables. All others are refused, those to come as well. */
const ALLOWED_TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'primes',
  'generateseries',
  'generate_series',
  'generaterandom',
  'values',
  'sqlstandardvalues',
  'view',
  'viewifpermitted',
  'merge',
  'null',
  'format',
  'mergetreeindex',
]);

/** Statements that only read. */
const READING = /^(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS|FROM|VALUES)$/;

/** What the guard saw in a statement. */
export interface Reading {
  /** Only a SELECT can be streamed. */
  readonly isSelect: boolean;
  /** The format that the statement names itself, which wins over any other. */
  readonly format: string | undefined;
}

/**
 * Decides whether a reader may run a statement. `formatted` is the statement as ClickHouse's own parser writes it back
 * (formatQuery: one statement, no comments, regular quoting), so that nobody hides a word from us by odd
 * spelling. Throws QUERY_FAILED for what a reader may not do.
 */
export function guardRead(formatted: string, tableFunctions: ReadonlySet<string>): Reading {
  const tokens = tokenize(formatted);
  const first = tokens.find((token) => token.text !== '(');
  const verb = first?.kind === 'word' ? first.text.toUpperCase() : '';
  if (!READING.test(verb))
    throw refused(`${verb === '' ? 'This' : verb} is not a query: only SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS are`);
  const isSelect = verb === 'SELECT' || verb === 'WITH' || verb === 'FROM';
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const next = tokens[i + 1];
    if (token.kind === 'word' && /^INTO$/i.test(token.text) && next?.kind === 'word' && /^OUTFILE$/i.test(next.text)) {
      throw refused('INTO OUTFILE is refused: a reader writes no files, take the output instead');
    }
    if (token.kind === 'symbol' || token.kind === 'text') continue;
    // The database `default` of the embedded engine shows the file system as tables.
    if (!isSelect && token.text.toLowerCase() === 'default') throw refused('the database default is not for readers');
    if (next?.text !== '(' || next.kind !== 'symbol') continue;
    const name = token.text.toLowerCase();
    const isRefused =
      REFUSED_FUNCTIONS.has(name) ||
      OUTSIDE_FUNCTIONS.test(name) ||
      (tableFunctions.has(name) && !ALLOWED_TABLE_FUNCTIONS.has(name));
    if (isRefused) throw refused(`${token.text}() is refused: a reader reads the tables of this database only`);
  }
  return { isSelect, format: formatOf(tokens) };
}

/** FORMAT and a name stand at the end, or before SETTINGS. */
function formatOf(tokens: readonly Token[]): string | undefined {
  for (let i = tokens.length - 2; i >= 0; i--) {
    const [token, next] = [tokens[i]!, tokens[i + 1]!];
    if (token.kind === 'word' && token.text === 'FORMAT' && next.kind === 'word') return next.text;
  }
  return undefined;
}

function refused(message: string): HeadraceError {
  return new HeadraceError('QUERY_FAILED', message);
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'symbol';
  /** Quoted names and texts without their quotes. */
  readonly text: string;
}

function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  const word = /[A-Za-z_][A-Za-z0-9_$]*/y;
  let at = 0;
  while (at < sql.length) {
    const character = sql[at]!;
    if (character === "'" || character === '`' || character === '"') {
      const end = endOfQuoted(sql, at);
      tokens.push({ kind: character === "'" ? 'text' : 'quoted', text: sql.slice(at + 1, end - 1) });
      at = end;
      continue;
    }
    word.lastIndex = at;
    const match = word.exec(sql);
    if (match !== null) {
      tokens.push({ kind: 'word', text: match[0] });
      at = word.lastIndex;
      continue;
    }
    if (!/\s/.test(character)) tokens.push({ kind: 'symbol', text: character });
    at++;
  }
  return tokens;
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
