import type { Session } from 'chdb';
import { HeadraceError } from '../../errors.ts';
import { chunkingOf, RepeatedHead } from './chunked-formats.ts';
import { clientSettings } from './client-settings.ts';
import { engineCode, engineError } from './engine-error.ts';
import type { FormattedStatements } from './formatted-statements.ts';
import { queryNow } from './query-now.ts';
import { guardRead, type Reading } from './read-guard.ts';
import type { ReadOrder } from './reader-messages.ts';
import { parameterSettings, quoteText, readerSettings, settingsText, TIME_LIMIT_SECONDS_DEFAULT } from './sql-text.ts';

/** The database of ours, and what stands in for it where there are no tables yet: never `default`, which is the file system. */
const OWN_DATABASE = 'headrace';
const NO_DATABASE = 'system';
const UNKNOWN_DATABASE = 81;
/** Of a result's columns; as text they may take some times as much. */
const WHOLE_BYTES_MAX = 128 * 1024 * 1024;

/** What the guard judges by. */
export interface Guard {
  /** The engine's own, in small letters. */
  readonly tableFunctions: ReadonlySet<string>;
  readonly formatted: FormattedStatements;
}

/** A reader's query that may run and has all its settings, in a format that is known. It runs when the first chunk is asked for. */
export interface BegunRead {
  readonly format: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A reader's query that may run. */
export interface JudgedRead extends Pick<Reading, 'sql' | 'isSelect'> {
  readonly format: string;
  /** All that is set for it. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Judges a reader's query and prepares the session, which is its alone; see ClickHouse.read. */
export async function beginRead(session: Session, guard: Guard, order: ReadOrder): Promise<BegunRead> {
  const judged = await judgeRead(session, guard, order);
  await prepareSession((sql) => queryNow(session, sql, 'TSV'), order.options.database, judged.settings);
  return { format: judged.format, chunks: resultOf(session, judged, judged.format) };
}

/** Judges a reader's query and bounds its settings. */
export async function judgeRead(
  session: Session,
  { tableFunctions, formatted }: Guard,
  { sql, mark, options }: ReadOrder,
): Promise<JudgedRead> {
  const parameters = { ...options.parameters, ...options.escapedParameters };
  const reading = guardRead(await formatted.of(sql, () => writtenBack(session, sql)), tableFunctions, parameters);
  const format = reading.format ?? options.format ?? 'JSONEachRow';
  const own = {
    ...readerSettings(options.timeLimitSeconds ?? TIME_LIMIT_SECONDS_DEFAULT),
    ...options.settings,
    ...wholeLimit(format, options.settings?.max_result_bytes),
  };
  const settings = {
    ...own,
    ...clientSettings({ ...options.clientSettings, ...reading.settings }, own),
    ...parameterSettings(options.parameters ?? {}),
    ...escaped(options.escapedParameters ?? {}),
    log_comment: mark,
    readonly: reading.listsSettings ? 2 : 1,
  };
  return { sql: reading.sql, isSelect: reading.isSelect, format, settings };
}

/** Where results are bounded at all, those that are made in memory are bounded by what memory there is. */
function wholeLimit(format: string, bytesMax: string | number | undefined): Readonly<Record<string, number>> {
  if (bytesMax === undefined || chunkingOf(format) !== 'whole') return {};
  return { max_result_bytes: Math.min(Number(bytesMax), WHOLE_BYTES_MAX) };
}

/** The result of a statement that may be run, in chunks as far as its format allows. */
export async function* resultOf(
  session: Session,
  { sql, isSelect }: Pick<Reading, 'sql' | 'isSelect'>,
  format: string,
): AsyncIterable<Uint8Array> {
  const chunking = chunkingOf(format);
  if (isSelect && chunking !== 'whole') {
    const head = chunking === 'headed' ? new RepeatedHead(format) : undefined;
    let isEmpty = true;
    for await (const chunk of session.queryStream(sql, { format })) {
      isEmpty = false;
      yield head === undefined ? chunk.raw() : head.strip(chunk.raw());
    }
    // A stream without rows has no chunk: the columns' names, where the format has them, come only from the whole.
    if (!isEmpty || (head === undefined && format !== 'Native')) return;
  }
  const result = await session.queryAsync(sql, { format });
  const bytes = result.bytes();
  yield bytes.length === 0 && isSelect && format === 'Native' ? await emptyBlock(session, sql) : bytes;
}

/** A block of Native without rows, as a server sends it; the engine in this process sends nothing, and clients miss the columns. */
async function emptyBlock(session: Session, sql: string): Promise<Uint8Array> {
  const described = await session.queryAsync(`DESCRIBE (${sql})`, { format: 'JSONEachRow' });
  const columns = described
    .text()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly name: string; readonly type: string });
  const texts = columns.flatMap(({ name, type }) => [name, type]).map((text) => Buffer.from(text));
  return Buffer.concat([count(columns.length), count(0), ...texts.flatMap((text) => [count(text.length), text])]);
}

/** A number as ClickHouse's variable-length integer. */
function count(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 0x80) | 0x80);
  }
}

/** The statement as ClickHouse's own parser writes it. */
async function writtenBack(session: Session, sql: string): Promise<string> {
  try {
    const result = await session.queryAsync(`SELECT formatQuery(${quoteText(sql)}) FORMAT RawBLOB`);
    return result.text();
  } catch (error) {
    throw engineError('QUERY_FAILED', withoutInspection(error));
  }
}

/** The engine's text about the user's statement, without the statement of ours in which it was looked at. */
function withoutInspection(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const end = error.message.indexOf(': In scope SELECT formatQuery(');
  if (end < 0) return error;
  const text = `${error.message.slice(0, end)} (SYNTAX_ERROR)`;
  return new HeadraceError('QUERY_FAILED', text, { cause: error });
}

/**
 * Has names without a database looked up where it is wanted, and sets what is given; `run` is told each statement for the session. Rejects
 * with ClickHouse's own text where there is no such database or setting.
 */
export async function prepareSession(
  run: (sql: string) => unknown,
  wanted: string | undefined,
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  const set = Object.keys(settings).length === 0 ? '' : `; SET ${settingsText(settings)}`;
  if (wanted !== undefined && wanted !== '' && wanted.toLowerCase() !== 'default') {
    await run(`USE ${quoteName(wanted)}${set}`);
    return;
  }
  try {
    await run(`USE ${OWN_DATABASE}${set}`);
  } catch (error) {
    if (engineCode(error) !== UNKNOWN_DATABASE) throw error;
    await run(`USE ${NO_DATABASE}${set}`);
  }
}

/** A name of ClickHouse's SQL, whatever is in it. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

function escaped(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`param_${name}`, value]));
}
