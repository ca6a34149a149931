import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient, type DataFormat } from '@clickhouse/client';
import { HeadraceError } from '../../errors.ts';
import type { ClickHouse, Column, InsertOptions, ReadOptions } from '../clickhouse.ts';
import { clientSettings } from './client-settings.ts';
import { engineError } from './engine-error.ts';
import { guardRead, type Reading } from './read-guard.ts';
import { Slots } from './slots.ts';
import {
  columnNames,
  insertSettings,
  quoteText,
  readerSettings,
  settingsText,
  TIME_LIMIT_SECONDS_DEFAULT,
} from './sql-text.ts';

export interface ServerOptions {
  /** `http://user:password@host:8123`; https as well. */
  readonly url: string;
  readonly readers?: number;
  /** How long an earlier insert may go on before it is killed. */
  readonly settleWaitMs?: number;
}

const READERS_DEFAULT = 4;
const WRITERS = 1;
const INSERT_TIMEOUT_MS = 300_000;
const SETTLE_WAIT_MS = 30_000;
const SETTLE_POLL_MS = 200;
/** After the kill: ClickHouse ends an insert between two blocks. */
const KILL_WAIT_MS = 60_000;

/**
 * A ClickHouse server over HTTP. Nothing is sent before the first call, so that a server that is away is seen by the
 * one who needs it. Throws CLICKHOUSE_FAILED for a url that is none.
 */
export function openServer(options: ServerOptions): ClickHouse {
  try {
    const readers = options.readers ?? READERS_DEFAULT;
    const client = createClient({
      url: options.url,
      request_timeout: INSERT_TIMEOUT_MS,
      max_open_connections: readers + WRITERS,
      compression: { request: false, response: false },
      // Its errors come to the caller; whether to write them to a log is the caller's choice.
      log: { level: ClickHouseLogLevel.OFF },
    });
    return new ServerClickHouse(client, readers, options.settleWaitMs ?? SETTLE_WAIT_MS);
  } catch (error) {
    throw engineError('CLICKHOUSE_FAILED', error, 'The address of the ClickHouse server is not usable');
  }
}

class ServerClickHouse implements ClickHouse {
  readonly kind = 'server';
  readonly #client: ClickHouseClient;
  readonly #slots: Slots;
  readonly #settleWaitMs: number;
  #tableFunctions: ReadonlySet<string> | undefined;

  constructor(client: ClickHouseClient, readers: number, settleWaitMs: number) {
    this.#client = client;
    this.#slots = new Slots(readers);
    this.#settleWaitMs = settleWaitMs;
  }

  async command(sql: string): Promise<void> {
    try {
      await this.#client.command({ query: sql, clickhouse_settings: { wait_end_of_query: 1 } });
    } catch (error) {
      throw engineError('CLICKHOUSE_FAILED', error);
    }
  }

  async rows<T>(sql: string): Promise<readonly T[]> {
    try {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1, output_format_json_quote_decimals: 1 },
      });
      return await result.json<T>();
    } catch (error) {
      throw engineError('CLICKHOUSE_FAILED', error);
    }
  }

  async insert(table: string, columns: readonly Column[], bytes: Uint8Array, options: InsertOptions): Promise<void> {
    try {
      const result = await this.#client.exec({
        query: `INSERT INTO ${table} (${columnNames(columns)}) SETTINGS ${settingsText(insertSettings(options.token))} FORMAT RowBinary`,
        values: Readable.from([bytes], { objectMode: false }),
        query_id: options.queryId,
        clickhouse_settings: { wait_end_of_query: 1 },
      });
      for await (const _chunk of result.stream) {
        // An insert answers nothing; the stream has to be read to its end for the connection to be free again.
      }
    } catch (error) {
      throw engineError('CLICKHOUSE_FAILED', error, `Inserting into ${table}`);
    }
  }

  async *read(sql: string, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    await this.#slots.acquire(options.signal);
    const abort = new AbortController();
    const forward = () => abort.abort();
    options.signal?.addEventListener('abort', forward);
    try {
      const reading = await this.#inspect(sql, { ...options.parameters, ...options.escapedParameters });
      const own = {
        ...readerSettings(options.timeLimitSeconds ?? TIME_LIMIT_SECONDS_DEFAULT),
        ...options.settings,
      };
      const { escapedParameters = {}, database, format = 'JSONEachRow' } = options;
      options.onFormat?.(reading.format ?? format);
      const result = await this.#client.exec({
        query: reading.sql,
        clickhouse_settings: {
          ...own,
          ...clientSettings({ ...options.clientSettings, ...reading.settings }, own),
          ...Object.fromEntries(Object.entries(escapedParameters).map(([name, value]) => [`param_${name}`, value])),
          ...(database === undefined ? {} : { database }),
          default_format: (reading.format ?? format) as DataFormat,
          cancel_http_readonly_queries_on_client_close: 1,
          // What is no SELECT is small: it comes whole, and its error as an error.
          ...(!reading.isSelect ? { wait_end_of_query: 1 } : {}),
          readonly: reading.listsSettings ? '2' : '1',
        },
        abort_signal: abort.signal,
        ...(options.parameters === undefined ? {} : { query_params: { ...options.parameters } }),
      });
      for await (const chunk of result.stream) yield chunk as Uint8Array;
    } catch (error) {
      throw engineError('QUERY_FAILED', error);
    } finally {
      options.signal?.removeEventListener('abort', forward);
      abort.abort();
      this.#slots.release();
    }
  }

  async settle(queryId: string): Promise<void> {
    if (await this.#endsWithin(queryId, this.#settleWaitMs)) return;
    await this.command(`KILL QUERY WHERE query_id = ${quoteText(queryId)} SYNC`);
    if (await this.#endsWithin(queryId, KILL_WAIT_MS)) return;
    throw new HeadraceError('CLICKHOUSE_FAILED', `The earlier insert ${queryId} does not end`, { retriable: true });
  }

  async #endsWithin(queryId: string, waitMs: number): Promise<boolean> {
    for (let waited = 0; ; waited += SETTLE_POLL_MS) {
      const running = await this.rows(`SELECT query_id FROM system.processes WHERE query_id = ${quoteText(queryId)}`);
      if (running.length === 0) return true;
      if (waited >= waitMs) return false;
      await sleep(SETTLE_POLL_MS);
    }
  }

  async #inspect(sql: string, parameters: Readonly<Record<string, unknown>>): Promise<Reading> {
    this.#tableFunctions ??= new Set(
      (await this.rows<{ name: string }>('SELECT lower(name) AS name FROM system.table_functions')).map(
        (row) => row.name,
      ),
    );
    const [formatted] = await this.rows<{ sql: string }>(`SELECT formatQuery(${quoteText(sql)}) AS sql`);
    return guardRead(formatted?.sql ?? '', this.#tableFunctions, parameters);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
