import { mkdirSync, rmSync } from 'node:fs';
import { unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Session } from 'chdb';
import { prepareSession, quoteName, resultOf } from './embedded-reader.ts';
import { engineError } from './engine-error.ts';
import { type InsertStatement, insertStatementOf, verbOf } from './insert-statement.ts';
import { formatOf } from './read-guard.ts';
import { Slots } from './slots.ts';
import { quoteText } from './sql-text.ts';
import { tokensOf } from './sql-tokens.ts';

/** A statement of one who may do everything. */
export interface UnguardedStatement {
  /** The statement, and behind an INSERT ... FORMAT its rows. */
  readonly text: Buffer;
  readonly format: string;
  readonly database?: string | undefined;
  /** Settings and `param_NAME`, as they are. */
  readonly settings: Readonly<Record<string, string>>;
}

const SELECT = /^(SELECT|WITH|FROM)$/;

/**
 * Statements of any kind on the engine of a directory that this process has open, each in a session of its own: for a server that
 * is to be written to. Nothing is judged here.
 */
export class UnguardedSessions {
  readonly #path: string;
  readonly #slots: Slots;
  readonly #rowsDirectory: string;
  #inserts = 0;

  constructor(path: string, count: number) {
    this.#path = resolve(path);
    this.#slots = new Slots(count);
    this.#rowsDirectory = join(this.#path, 'headrace-served');
    rmSync(this.#rowsDirectory, { recursive: true, force: true });
    mkdirSync(this.#rowsDirectory, { mode: 0o700 });
  }

  /** The result in chunks. Rejects with QUERY_FAILED and ClickHouse's own text. */
  async *run(
    statement: UnguardedStatement,
    signal: AbortSignal,
    onFormat: (format: string) => void,
  ): AsyncIterable<Uint8Array> {
    await this.#slots.acquire(signal);
    let session: Session | undefined;
    try {
      const opened = new Session(this.#path);
      session = opened;
      await prepareSession((sql) => opened.queryAsync(sql), statement.database, statement.settings);
      const insert = insertStatementOf(statement.text);
      if (insert !== undefined) {
        onFormat(statement.format);
        await this.#insert(session, insert);
        return;
      }
      const sql = statement.text.toString('utf8');
      const format = formatOf([...tokensOf(sql, { skipsComments: true })]) ?? statement.format;
      onFormat(format);
      yield* resultOf(session, { sql, isSelect: SELECT.test(verbOf(sql)) }, format);
    } catch (error) {
      throw engineError('QUERY_FAILED', error);
    } finally {
      session?.close();
      this.#slots.release();
    }
  }

  /** The rows go through a file: the engine takes no bytes behind a statement. */
  async #insert(session: Session, { head, table, columns, format, rows }: InsertStatement): Promise<void> {
    const file = join(this.#rowsDirectory, `${++this.#inserts}.rows`);
    const structure = quoteText(await structureOf(session, table, columns));
    try {
      await writeFile(file, rows);
      await session.queryAsync(`${head} SELECT * FROM file(${quoteText(file)}, ${quoteText(format)}, ${structure})`);
    } finally {
      await unlink(file).catch(() => undefined);
    }
  }

  close(): void {
    rmSync(this.#rowsDirectory, { recursive: true, force: true });
  }
}

/** Names and types of the columns that an INSERT brings, in its order. */
async function structureOf(session: Session, table: string, columns: string | undefined): Promise<string> {
  const described = await session.queryAsync(`DESCRIBE TABLE ${table} FORMAT JSONEachRow`);
  const all = described
    .text()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { name: string; type: string; default_type: string });
  const types = new Map(all.map(({ name, type }) => [name, type]));
  const names =
    columns === undefined
      ? all.filter(({ default_type }) => !/^(MATERIALIZED|ALIAS|EPHEMERAL)$/.test(default_type)).map(({ name }) => name)
      : [...tokensOf(columns)].filter(({ kind }) => kind === 'word' || kind === 'quoted').map(({ text }) => text);
  return names
    .map(
      (name) => `${quoteName(name)} ${(types.get(name) ?? 'String').replaceAll(/LowCardinality\(([^()]*)\)/g, '$1')}`,
    )
    .join(', ');
}
