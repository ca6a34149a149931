import { mkdirSync, mkdtempSync, rmSync, unlink } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { drainPending, Session } from 'chdb';
import { HeadraceError } from '../../errors.ts';
import type { ClickHouse, Column, InsertOptions, ReadOptions } from '../clickhouse.ts';
import { EngineLife } from '../engine-life.ts';
import { tierArguments } from '../tiers/engine-configuration.ts';
import { tierDirectories } from '../tiers/tier-directories.ts';
import type { GivenDirectories } from '../tiers/tier-settings.ts';
import { engineError } from './engine-error.ts';
import { insertError, leavesTokenInDoubt } from './insert-failure.ts';
import { Slots } from './slots.ts';
import { columnNames, insertSettings, quoteText, settingsText } from './sql-text.ts';
import { ThreadRead } from './thread-read.ts';
import { writeWhole } from './write-whole.ts';

export interface EmbeddedOptions {
  /** The directory of the data; made where it is missing. One process at a time, and one directory per process. */
  readonly path: string;
  /** Queries that run side by side; by default what libuv's threads leave free, at most 4. */
  readonly readers?: number;
  /** Places of colder tiers, beside those that the directory remembers. */
  readonly tiers?: GivenDirectories | undefined;
}

/** Threads that readers leave to the writer and to the file system. */
const THREADS_KEPT_FREE = 2;
const READERS_MAX = 4;
/** Inserts that run side by side, each in a session of its own: one computes while another waits for the disk. */
const INSERTERS = 2;
const LIBUV_THREADS_DEFAULT = 4;
/** How long `close` waits for queries that are being read. */
const READERS_GRACE_MS = 2_000;

/**
 * Opens the ClickHouse that lives in this process (chdb). Throws CLICKHOUSE_FAILED where the engine is missing for this
 * platform, or the directory belongs to another process or cannot be written; TIERS_INVALID as tierDirectories does.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<ClickHouse> {
  const path = resolve(options.path);
  try {
    mkdirSync(path, { recursive: true });
    const tiers = tierArguments(path, tierDirectories(path, options.tiers));
    // The engine is the process's: sessions of readers have what the first one has.
    const writer = new Session(path, { connectionArgs: ['--async_load_databases=0', ...tiers] });
    const functions = await writer.queryAsync('SELECT lower(name) FROM system.table_functions', { format: 'TSV' });
    await writer.queryAsync(
      `SET ${settingsText({ output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 })}`,
    );
    const life = await writer.queryAsync('SELECT generateUUIDv4()', { format: 'TSV' });
    const tableFunctions = new Set(functions.text().trim().split('\n'));
    return new EmbeddedClickHouse(path, {
      writer,
      inserters: Array.from({ length: INSERTERS }, () => new Session(path)),
      tableFunctions,
      life: new EngineLife(life.text().trim()),
      readers: options.readers ?? readersByThreads(),
    });
  } catch (error) {
    if (error instanceof HeadraceError) throw error;
    const doing = `The embedded ClickHouse does not open ${path} (does another process hold it?)`;
    throw engineError('CLICKHOUSE_FAILED', error, doing);
  }
}

/** Each running query holds a thread of libuv; were all held, neither the sink nor the file system would get on. */
function readersByThreads(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? LIBUV_THREADS_DEFAULT);
  return Math.max(
    1,
    Math.min(READERS_MAX, (Number.isInteger(threads) ? threads : LIBUV_THREADS_DEFAULT) - THREADS_KEPT_FREE),
  );
}

interface Opened {
  readonly writer: Session;
  readonly inserters: readonly Session[];
  readonly tableFunctions: ReadonlySet<string>;
  readonly life: EngineLife;
  readonly readers: number;
}

class EmbeddedClickHouse implements ClickHouse {
  readonly kind = 'embedded';
  readonly #path: string;
  readonly #writer: Session;
  /** Those that no insert holds. */
  readonly #inserters: Session[];
  readonly #inserting = new Slots(INSERTERS, { waitingMax: Number.POSITIVE_INFINITY });
  readonly #tableFunctions: ReadonlySet<string>;
  readonly #slots: Slots;
  readonly #rowsDirectory: string;
  readonly #life: EngineLife;
  #inserts = 0;
  #isClosed = false;
  /** Queries of readers that are running. */
  readonly #reading = new Set<ThreadRead>();
  #whenIdle: (() => void) | undefined;
  /** The writer's session takes one statement at a time; this is the end of its queue. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(path: string, { writer, inserters, tableFunctions, life, readers }: Opened) {
    this.#path = path;
    this.#writer = writer;
    this.#inserters = [...inserters];
    this.#tableFunctions = tableFunctions;
    this.#life = life;
    this.#slots = new Slots(readers);
    this.#rowsDirectory = rowsDirectory(path);
  }

  async command(sql: string): Promise<void> {
    await this.#write(sql, 'TSV');
  }

  async rows<T>(sql: string): Promise<readonly T[]> {
    const text = await this.#write(sql, 'JSONEachRow');
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as T);
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
    await this.#inserting.acquire();
    const session = this.#inserters.pop()!;
    try {
      await options.after;
      await this.#send(table, async () => {
        await written;
        this.#ensureOpen();
        await session.queryAsync(
          `INSERT INTO ${table} (${names}) SETTINGS ${settingsText(insertSettings(this.#life.token(options.token), options))} ` +
            `SELECT ${names} FROM file(${quoteText(file)}, 'RowBinary', ${quoteText(structure)})`,
          { format: 'TSV' },
        );
      });
    } finally {
      this.#inserters.push(session);
      this.#inserting.release();
      // Nobody waits for it: what stays behind is removed with the directory.
      unlink(file, () => undefined);
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

  async *read(sql: string, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    this.#ensureOpen();
    await this.#slots.acquire(options.signal);
    let reading: ThreadRead | undefined;
    try {
      this.#ensureOpen();
      reading = new ThreadRead({ tableFunctions: this.#tableFunctions }, this.#path, sql, options);
      this.#reading.add(reading);
      yield* reading.chunks();
    } catch (error) {
      throw engineError('QUERY_FAILED', error);
    } finally {
      if (reading !== undefined) this.#reading.delete(reading);
      this.#slots.release();
      if (this.#reading.size === 0) this.#whenIdle?.();
    }
  }

  settle(): Promise<void> {
    // An insert of an earlier process ended with that process.
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#lastWrite.catch(() => undefined);
    await this.#insertsEnded();
    await this.#readersGone();
    this.#writer.close();
    await drainPending();
    rmSync(this.#rowsDirectory, { recursive: true, force: true });
  }

  async #insertsEnded(): Promise<void> {
    for (let slot = 0; slot < INSERTERS; slot++) await this.#inserting.acquire();
    for (const session of this.#inserters) session.close();
  }

  /** Waits a little for running queries; one that takes longer, or whose consumer has stopped reading, is broken off. */
  async #readersGone(): Promise<void> {
    if (this.#reading.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      timer = setTimeout(resolve, READERS_GRACE_MS);
    });
    clearTimeout(timer);
    await Promise.all([...this.#reading].map((reading) => reading.breakOff(closed())));
  }

  #write(sql: string, format: string): Promise<string> {
    const written = this.#lastWrite.then(async () => {
      this.#ensureOpen();
      const result = await this.#writer.queryAsync(sql, { format });
      return result.text();
    });
    this.#lastWrite = written.catch(() => undefined);
    return written.catch((error: unknown) => {
      throw engineError('CLICKHOUSE_FAILED', error);
    });
  }

  #ensureOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

function closed(): HeadraceError {
  return new HeadraceError('CLICKHOUSE_FAILED', 'ClickHouse is closed');
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
