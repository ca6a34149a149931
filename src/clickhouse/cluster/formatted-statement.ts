import { HeadraceError } from '../../errors.ts';

/** A CREATE TABLE as ClickHouse writes it back, taken apart. */
export interface TableText {
  readonly isReplacement: boolean;
  readonly name: string;
  /** The lines from `(` to `)`. */
  readonly columns: string;
  readonly engine: string;
  /** What the engine is given, such as its version; empty for nothing. */
  readonly engineArguments: string;
  /** Clauses behind the engine, each with its word: ORDER BY, PARTITION BY, TTL, SETTINGS, COMMENT. */
  readonly clauses: ReadonlyMap<string, string>;
  /** The query that it is filled by; undefined where there is none. */
  readonly filledBy: string | undefined;
}

const HEAD = /^CREATE (OR REPLACE )?TABLE (?:IF NOT EXISTS )?headrace\.`?(\w+)`?\n(\([\s\S]*?\n\))\n/;
const ENGINE = /^ENGINE = (\w+)(?:\(([^\n]*)\))?\n/;
const CLAUSE = /^(PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS|COMMENT|AS SELECT|AS\b)/;

/** Undefined for a statement that makes no table. Throws MIGRATION_FAILED for one in a form that is not known here. */
export function tableText(formatted: string): TableText | undefined {
  if (!/^CREATE (OR REPLACE )?TABLE\b/.test(formatted)) return undefined;
  const head = HEAD.exec(formatted);
  const rest = head === null ? '' : `${formatted.slice(head[0].length)}\n`;
  const engine = ENGINE.exec(rest);
  if (head === null || engine === null) throw unknownForm(formatted);
  const clauses = new Map<string, string>();
  let word = '';
  // ClickHouse begins each clause on a line of its own, and writes line ends within texts as \n.
  for (const line of rest.slice(engine[0].length).trimEnd().split('\n')) {
    const next = CLAUSE.exec(line)?.[1] ?? word;
    // A query has clauses of its own, up to the table's comment.
    if (!word.startsWith('AS') || next === 'COMMENT') word = next;
    clauses.set(word, clauses.has(word) ? `${clauses.get(word)}\n${line}` : line);
  }
  return {
    isReplacement: head[1] !== undefined,
    name: head[2]!,
    columns: head[3]!,
    engine: engine[1]!,
    engineArguments: engine[2] ?? '',
    clauses,
    filledBy: [...clauses].find(([each]) => each.startsWith('AS'))?.[1].slice('AS '.length),
  };
}

/** The plain columns of a table's order. Throws MIGRATION_FAILED for an order without any. */
export function orderColumns({ name, clauses }: TableText): readonly string[] {
  const text = clauses.get('ORDER BY')?.slice('ORDER BY'.length).trim() ?? '';
  const columns = text
    .replace(/^\(([\s\S]*)\)$/, '$1')
    .split(',')
    .map((each) => each.trim().replaceAll('`', ''))
    .filter((each) => /^[A-Za-z_]\w*$/.test(each));
  if (columns.length > 0) return columns;
  throw new HeadraceError(
    'MIGRATION_FAILED',
    `The table ${name} is ordered by ${text}: a cluster needs a column in it to place rows by`,
  );
}

export function unknownForm(statement: string): HeadraceError {
  return new HeadraceError(
    'MIGRATION_FAILED',
    `For a cluster there is no form of this statement: write it by hand\n${statement}`,
  );
}
