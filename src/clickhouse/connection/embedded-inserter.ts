import { mkdirSync, mkdtempSync, rmSync, unlink } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import type { Column, InsertOptions } from '../clickhouse.ts';
import type { EngineLife } from '../engine-life.ts';
import { insertError, leavesTokenInDoubt } from './insert-failure.ts';
import { closed } from './refusal.ts';
import { Slots } from './slots.ts';
import { columnNames, insertSettings, quoteText, settingsText } from './sql-text.ts';
import { writeWhole } from './write-whole.ts';

/** Inserts that run side by side, each in a session of its own: one computes while another waits for the disk. */
const INSERTERS = 2;

/** Inserts rows into the engine of a directory that this process has open; see ClickHouse.insert. */
export class EmbeddedInserter {
  /** Those that no insert holds. */
  readonly #sessions: Session[];
  readonly #slots = new Slots(INSERTERS, { waitingMax: Number.POSITIVE_INFINITY });
  readonly #rowsDirectory: string;
  readonly #life: EngineLife;
  #inserts = 0;
  #isClosed = false;

  constructor(path: string, life: EngineLife) {
    this.#sessions = Array.from({ length: INSERTERS }, () => new Session(path));
    this.#rowsDirectory = rowsDirectory(path);
    this.#life = life;
  }

  /** The rows go through a file: it is the one way into this engine that takes RowBinary, 15 times as fast as JSON. */
  async insert(
    table: string,
    columns: readonly Column[],
    pieces: readonly Uint8Array[],
    options: InsertOptions,
  ): Promise<void> {
    this.#ensureOpen();
    // The same insert may come again before the file of the first time is gone.
    const file = join(this.#rowsDirectory, `${this.#inserts++}.rows`);
    const structure = columns.map((column) => `\`${column.name}\` ${fileType(column.type)}`).join(', ');
    const names = columnNames(columns);
    const written = writeWhole(file, pieces);
    // Looked at when it is this insert's turn; until then the engine is busy with others.
    written.catch(() => undefined);
    try {
      await options.after;
      await this.#inTurn(async (session) => {
        options.signal?.throwIfAborted();
        await this.#send(table, async () => {
          await written;
          await session.queryAsync(
            `INSERT INTO ${table} (${names}) SETTINGS ${settingsText(insertSettings(this.#life.token(options.token), options))} ` +
              `SELECT ${names} FROM file(${quoteText(file)}, 'RowBinary', ${quoteText(structure)})`,
            { format: 'TSV' },
          );
        });
      });
    } finally {
      // Nobody waits for it: what stays behind is removed with the directory.
      unlink(file, () => undefined);
    }
  }

  /** Waits for those that run; the others are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let slot = 0; slot < INSERTERS; slot++) await this.#slots.acquire();
    for (const session of this.#sessions) session.close();
    rmSync(this.#rowsDirectory, { recursive: true, force: true });
  }

  /** Two at a time, in the order of the calls. */
  async #inTurn(insert: (session: Session) => Promise<void>): Promise<void> {
    // Behind `close` nobody gets a turn any more.
    this.#ensureOpen();
    await this.#slots.acquire();
    const session = this.#sessions.pop()!;
    try {
      this.#ensureOpen();
      await insert(session);
    } finally {
      this.#sessions.push(session);
      this.#slots.release();
    }
  }

  async #send(table: string, insert: () => Promise<void>): Promise<void> {
    try {
      await insert();
    } catch (error) {
      const failure = insertError(error, table);
      if (leavesTokenInDoubt(failure)) this.#life.renew();
      throw failure;
    }
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

/** Where the rows of an insert lie while ClickHouse reads them; what a killed process left there is removed. */
function rowsDirectory(path: string): string {
  // file() takes these characters for a pattern, so that such a path would be searched and not opened.
  if (/[*?{}[\]]/.test(path)) return mkdtempSync(join(tmpdir(), 'headrace-insert-'));
  const directory = join(path, 'headrace-insert');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { mode: 0o700 });
  return directory;
}

/** RowBinary writes a LowCardinality(String) as a String. */
function fileType(type: string): string {
  return type.replace(/LowCardinality\((.*)\)/, '$1');
}
