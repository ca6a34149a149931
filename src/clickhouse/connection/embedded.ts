import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { drainPending, Session } from 'chdb';
import { HeadraceError } from '../../errors.ts';
import type { ClickHouse, Column, InsertOptions, ReadOptions } from '../clickhouse.ts';
import { EngineLife } from '../engine-life.ts';
import { tierArguments } from '../tiers/engine-configuration.ts';
import { tierDirectories } from '../tiers/tier-directories.ts';
import type { GivenDirectories } from '../tiers/tier-settings.ts';
import { EmbeddedInserter } from './embedded-inserter.ts';
import { engineError } from './engine-error.ts';
import { closed } from './refusal.ts';
import { Slots } from './slots.ts';
import { settingsText } from './sql-text.ts';
import { ThreadRead } from './thread-read.ts';

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
      inserter: new EmbeddedInserter(path, new EngineLife(life.text().trim())),
      tableFunctions,
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
  readonly inserter: EmbeddedInserter;
  readonly tableFunctions: ReadonlySet<string>;
  readonly readers: number;
}

class EmbeddedClickHouse implements ClickHouse {
  readonly kind = 'embedded';
  readonly #path: string;
  readonly #writer: Session;
  readonly #inserter: EmbeddedInserter;
  readonly #tableFunctions: ReadonlySet<string>;
  readonly #slots: Slots;
  #isClosed = false;
  /** Queries of readers that are running. */
  readonly #reading = new Set<ThreadRead>();
  #whenIdle: (() => void) | undefined;
  /** The writer's session takes one statement at a time; this is the end of its queue. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(path: string, { writer, inserter, tableFunctions, readers }: Opened) {
    this.#path = path;
    this.#writer = writer;
    this.#inserter = inserter;
    this.#tableFunctions = tableFunctions;
    this.#slots = new Slots(readers);
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

  insert(
    table: string,
    columns: readonly Column[],
    pieces: readonly Uint8Array[],
    options: InsertOptions,
  ): Promise<void> {
    return this.#inserter.insert(table, columns, pieces, options);
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
    await this.#inserter.close();
    await this.#readersGone();
    this.#writer.close();
    await drainPending();
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
      try {
        return (await this.#writer.queryAsync(sql, { format })).text();
      } catch (error) {
        // What a query had made before it failed comes in front of the session's next result (chdb 3.4.0): nobody is to get it.
        await this.#writer.queryAsync('SELECT 1').catch(() => undefined);
        throw error;
      }
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
