import { isWord, type Token, tokensOf } from './sql-tokens.ts';

/** An INSERT whose rows come behind it in a format, as bytes that need not be text. */
export interface InsertStatement {
  /** `INSERT INTO table (columns) SETTINGS ...`: all before FORMAT. */
  readonly head: string;
  /** The table as the statement names it. */
  readonly table: string;
  /** The columns as they stand in brackets; undefined: all. */
  readonly columns: string | undefined;
  readonly format: string;
  readonly rows: Uint8Array;
}

/** The word that a statement begins with, in capitals, and where it stands; comments and brackets before it do not count. */
export function verbOf(sql: string): string {
  for (const token of tokensOf(sql, { skipsComments: true })) {
    if (token.kind === 'word') return token.text.toUpperCase();
    if (token.text !== '(') return '';
  }
  return '';
}

/** Takes an INSERT ... FORMAT apart; undefined for everything else, INSERT ... VALUES and INSERT ... SELECT too. */
export function insertStatementOf(text: Buffer): InsertStatement | undefined {
  // One character is one byte, so that places in the text are places in the bytes, whatever the rows are.
  const sql = text.toString('latin1');
  if (verbOf(sql) !== 'INSERT') return undefined;
  const cut = (from: number, to: number) => text.subarray(from, to).toString('utf8');
  const seen: Token[] = [];
  for (const token of tokensOf(sql, { skipsComments: true })) {
    const before = seen.at(-1);
    if (isWord(token, 'VALUES') || isWord(token, 'SELECT') || isWord(token, 'WITH')) return undefined;
    if (before !== undefined && isWord(before, 'FORMAT') && token.kind === 'word') {
      if (isWord(token, 'VALUES')) return undefined;
      const { table, columns } = targetOf(seen);
      return {
        head: cut(0, before.start).trimEnd(),
        table: cut(...table),
        columns: columns === undefined ? undefined : cut(...columns),
        format: token.text,
        rows: text.subarray(startOfRows(sql, token.end)),
      };
    }
    seen.push(token);
  }
  return undefined;
}

type Place = readonly [from: number, to: number];

/** Where the table's name and the list of columns behind INTO stand. */
function targetOf(tokens: readonly Token[]): { readonly table: Place; readonly columns: Place | undefined } {
  let at = tokens.findIndex((token) => isWord(token, 'INTO')) + 1;
  if (isWord(tokens[at], 'TABLE')) at++;
  const first = tokens[at];
  if (tokens[at + 1]?.text === '.') at += 2;
  const last = tokens[at];
  const opens = tokens[at + 1];
  const table: Place = [first?.start ?? 0, last?.end ?? 0];
  if (opens?.kind !== 'symbol' || opens.text !== '(') return { table, columns: undefined };
  const closes = tokens.find((token) => token.start > opens.start && token.kind === 'symbol' && token.text === ')');
  return { table, columns: [opens.end, closes?.start ?? opens.end] };
}

/** Behind the format there may be blanks and one line end before the rows. */
function startOfRows(sql: string, from: number): number {
  return from + (/^[ \t\r]*(?:\n|;[ \t\r]*\n?)?/.exec(sql.slice(from, from + 1_024))?.[0].length ?? 0);
}
