import { type Refusable, refusal } from './refusal.ts';
import { isPassedByName, isRefusedFunction } from './refused-functions.ts';
import { isSymbol, isWord, type Token, tokensOf } from './sql-tokens.ts';

/*
 * What readonly mode lets through although it reads or writes outside of the tables. Measured on engine 26.7 with
 * readonly = 1: the function file() reads any file, `x IN file(...)` and DESCRIBE of a table function do too, INTO OUTFILE
 * writes one, KILL QUERY ends the writer's insert, a second statement may follow a first or stand beside it (PARALLEL WITH), and
 * SETTINGS in a subquery lifts readonly itself. Functions are taken by their bare names too (refused-functions.ts), and merge() finds
 * its tables by patterns.
 */

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

/** Of these, those that name a database in their first argument, which must be a text that we can see. */
const NAMES_DATABASE: ReadonlySet<string> = new Set(['merge', 'mergetreeindex']);

/** The embedded engine's own database shows the file system as tables. */
const FILES_DATABASE = 'default';

/** Databases in which a pattern would find what may not be read by its name. */
const HIDING_DATABASES: ReadonlySet<string> = new Set([FILES_DATABASE, 'system', '']);

/** Reading it sends a signal to every thread of the process. */
const REFUSED_TABLE = 'stack_trace';

/** Statements that only read. */
const READING = /^(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS|FROM|VALUES)$/;

/** What the guard saw in a statement. */
export interface Reading {
  /** What is to be run: the statement without its own settings and format. What was judged is what runs. */
  readonly sql: string;
  /** Only a SELECT can be streamed. */
  readonly isSelect: boolean;
  /** The format that the statement names itself, which wins over any other. */
  readonly format: string | undefined;
  /** Of its own SETTINGS clause; not judged. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether it lists the settings and does nothing else: under `readonly = 1` each would say that it cannot be changed. */
  readonly listsSettings: boolean;
}

/**
 * Decides whether a reader may run a statement. `formatted` is the statement as ClickHouse's own parser writes it back
 * (formatQuery: one statement, no comments, regular quoting), so that nobody hides a word from us by odd
 * spelling; `parameters` are its placeholders' values. Throws QUERY_FAILED for what a reader may not do.
 */
export function guardRead(
  formatted: string,
  tableFunctions: ReadonlySet<string>,
  parameters: Readonly<Record<string, unknown>> = {},
): Reading {
  const tokens = [...tokensOf(formatted)];
  const first = tokens.find((token) => token.text !== '(');
  const verb = first?.kind === 'word' ? first.text.toUpperCase() : '';
  if (!READING.test(verb)) {
    const what = verb === '' ? 'This' : verb;
    throw denied(`${what} is not a query: only SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS are`, 'READONLY');
  }
  const isSelect = verb === 'SELECT' || verb === 'WITH' || verb === 'FROM';
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === 'symbol' || token.kind === 'text' || token.kind === 'number') {
      if (token.text === '{' && token.kind === 'symbol') checkIdentifierParameter(tokens, i, parameters);
      continue;
    }
    if (isWord(token, 'INTO') && isWord(tokens[i + 1], 'OUTFILE'))
      throw denied('INTO OUTFILE is refused: a reader writes no files, take the output instead');
    if (isWord(token, 'PARALLEL') && isWord(tokens[i + 1], 'WITH'))
      throw denied('PARALLEL WITH is refused: send one statement at a time');
    checkName(tokens, i, isSelect);
    if (isRefusedFunction(token.text) && isPassedByName(tokens, i))
      throw denied(
        `${token.text} may be the function here, which is refused: a column of that name must stand behind its table's, as in t.${token.text}`,
      );
    checkCall(tokens, i, tableFunctions);
  }
  const { settings, cuts } = settingsOf(formatted, tokens);
  const format = formatAt(tokens);
  if (format !== undefined) cuts.push([tokens[format]!.start, tokens[format + 1]!.end]);
  return {
    sql: without(formatted, cuts),
    settings,
    isSelect,
    format: format === undefined ? undefined : tokens[format + 1]!.text,
    listsSettings: isSettingsList(tokens),
  };
}

function checkName(tokens: readonly Token[], i: number, isSelect: boolean): void {
  const name = tokens[i]!.text.toLowerCase();
  if (name === REFUSED_TABLE) throw denied('system.stack_trace is not for readers');
  if (name !== FILES_DATABASE) return;
  const isDatabase = isSymbol(tokens[i + 1], '.') && !isSymbol(tokens[i - 1], '.');
  if (!isSelect || isDatabase) throw denied('the database default is not for readers');
}

function checkCall(tokens: readonly Token[], i: number, tableFunctions: ReadonlySet<string>): void {
  if (!isSymbol(tokens[i + 1], '(')) return;
  const { text } = tokens[i]!;
  const name = text.toLowerCase();
  const isRefused = isRefusedFunction(name) || (tableFunctions.has(name) && !ALLOWED_TABLE_FUNCTIONS.has(name));
  if (isRefused) throw denied(`${text}() is refused: a reader reads the tables of this database only`);
  if (!NAMES_DATABASE.has(name)) return;
  const [database, behind] = [tokens[i + 2], tokens[i + 3]];
  const isPlain = database?.kind === 'text' && isSymbol(behind, ',') && !database.text.includes('\\');
  if (!isPlain || HIDING_DATABASES.has(database.text.toLowerCase()))
    throw denied(
      `${text}() is refused unless its first argument of two is a database in quotes, and neither system nor default`,
    );
}

/** `{name:Identifier}` puts a name into the statement after it was judged. */
function checkIdentifierParameter(tokens: readonly Token[], i: number, parameters: Readonly<Record<string, unknown>>) {
  const [name, colon, type] = [tokens[i + 1], tokens[i + 2], tokens[i + 3]];
  if (name === undefined || !isSymbol(colon, ':') || !isWord(type, 'IDENTIFIER')) return;
  const value = String(parameters[name.text] ?? '');
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(value) && value.toLowerCase() !== FILES_DATABASE) {
    const isOfFunction = isSymbol(tokens[i + 5], '(') || isRefusedFunction(value);
    if (value.toLowerCase() !== REFUSED_TABLE && !isOfFunction) return;
  }
  throw denied(`the parameter ${name.text} must be a plain name of letters, digits and _, and not default`);
}

/** A piece of the statement that is left out. */
type Cut = readonly [from: number, to: number];

function without(sql: string, cuts: readonly Cut[]): string {
  let [rest, at] = ['', 0];
  for (const [from, to] of [...cuts].sort(([a], [b]) => a - b)) {
    rest += sql.slice(at, from);
    at = to;
  }
  return (rest + sql.slice(at)).trimEnd();
}

/**
 * The statement's own settings, and where they stand. A setting inside of a subquery stays where it is and would be applied there without
 * any check of the engine's: it is refused, for the same clause at the end holds for the subquery too.
 */
function settingsOf(sql: string, tokens: readonly Token[]): Pick<Reading, 'settings'> & { readonly cuts: Cut[] } {
  const settings: Record<string, string> = {};
  const cuts: Cut[] = [];
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (isSymbol(token, '(')) depth++;
    if (isSymbol(token, ')')) depth--;
    if (!isSettingsClause(tokens, i)) continue;
    if (depth > 0) throw denied('SETTINGS in a subquery is refused: put it at the end of the statement', 'READONLY');
    do {
      const [name, value, behind] = settingAt(sql, tokens, i + 1);
      settings[name] = value;
      i = behind;
    } while (isSymbol(tokens[i], ','));
    cuts.push([token.start, tokens[i]?.start ?? sql.length]);
    i--;
  }
  return { settings, cuts };
}

/** ClickHouse writes the clause in capitals, and a name behind it, which may have dots; else the word is a name itself. */
function isSettingsClause(tokens: readonly Token[], i: number): boolean {
  const [token, name, behind] = tokens.slice(i, i + 3);
  if (token?.kind !== 'word' || token.text !== 'SETTINGS' || isSymbol(tokens[i - 1], '.')) return false;
  return (name?.kind === 'word' || name?.kind === 'quoted') && (isSymbol(behind, '=') || isSymbol(behind, '.'));
}

/** Name, value and the index behind them. */
function settingAt(sql: string, tokens: readonly Token[], i: number): readonly [string, string, number] {
  const [name, equals] = [tokens[i], tokens[i + 1]];
  const isNegative = isSymbol(tokens[i + 2], '-');
  const value = tokens[isNegative ? i + 3 : i + 2];
  const isValue = value?.kind === 'text' || value?.kind === 'number' || isWord(value, 'TRUE') || isWord(value, 'FALSE');
  if (name === undefined || value === undefined || !isSymbol(equals, '=') || !isValue)
    throw denied(`SETTINGS ${sql.slice(name?.start, value?.end)}: a setting must be a number or a text`, 'READONLY');
  const text = value.kind === 'text' ? value.text.replaceAll(/\\(.)/gs, '$1') : asNumber(value.text);
  return [name.text, isNegative ? `-${text}` : text, (isNegative ? i + 3 : i + 2) + 1];
}

function asNumber(text: string): string {
  return { TRUE: '1', FALSE: '0' }[text.toUpperCase()] ?? text;
}

/** No call, no subquery and no second table: nothing for which `readonly = 1` would be needed. */
function isSettingsList(tokens: readonly Token[]): boolean {
  const tables = tokens.filter((token) => /^(FROM|JOIN|IN|UNION|EXCEPT|INTERSECT)$/i.test(token.text));
  const at = tokens.findIndex((token) => isWord(token, 'FROM'));
  const [database, dot, table, behind] = tokens.slice(at + 1);
  const isList = at >= 0 && isWord(database, 'SYSTEM') && isSymbol(dot, '.') && isWord(table, 'SETTINGS');
  const ends = behind === undefined || ['WHERE', 'ORDER', 'LIMIT', 'FORMAT'].some((word) => isWord(behind, word));
  return isList && ends && tables.length === 1 && tokens.every((token) => !isSymbol(token, '('));
}

/** Where FORMAT and its name stand: at the end, or before SETTINGS. */
function formatAt(tokens: readonly Token[]): number | undefined {
  const at = tokens.findLastIndex((token, i) => {
    const isLast = i + 2 === tokens.length || isWord(tokens[i + 2], 'SETTINGS') || isSymbol(tokens[i + 2], ';');
    const name = tokens[i + 1]?.kind;
    return isWord(token, 'FORMAT') && (name === 'word' || name === 'quoted') && isLast;
  });
  return at < 0 ? undefined : at;
}

/** The format that a statement names itself. */
export function formatOf(tokens: readonly Token[]): string | undefined {
  const at = formatAt(tokens);
  return at === undefined ? undefined : tokens[at + 1]!.text;
}

function denied(message: string, name: Refusable = 'ACCESS_DENIED'): Error {
  return refusal(name, message);
}
