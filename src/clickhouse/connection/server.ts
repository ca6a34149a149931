import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient, type DataFormat } from '@clickhouse/client';
import { HeadraceError } from '../../errors.ts';
import type { ClickHouse, Column, InsertOptions, ReadOptions } from '../clickhouse.ts';
import { ASK_SERVER_LIFE, NAME_SERVER_LIFE, ServerLife, type ServerStart } from '../engine-life.ts';
import { clientSettings } from './client-settings.ts';
import { engineError } from './engine-error.ts';
import { FormattedStatements } from './formatted-statements.ts';
import { insertError, leavesTokenInDoubt } from './insert-failure.ts';
import { guardRead, type Reading } from './read-guard.ts';
import { brokenOff } from './refusal.ts';
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
/** Inserts that run side by side, of all sinks: two that get no answer do not hold up the others. */
const INSERTERS = 4;
/** The sink's requests beside its inserts. */
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
      max_open_connections: readers + INSERTERS + WRITERS,
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
  readonly #inserting = new Slots(INSERTERS, { waitingMax: Number.POSITIVE_INFINITY });
  readonly #settleWaitMs: number;
  readonly #life = new ServerLife(() => this.#start());
  #tableFunctions: ReadonlySet<string> | undefined;
  readonly #formatted = new FormattedStatements();

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

  async insert(
    table: string,
    columns: readonly Column[],
    pieces: readonly Uint8Array[],
    options: InsertOptions,
  ): Promise<void> {
    await options.after;
    await this.#inserting.acquire();
    try {
      options.signal?.throwIfAborted();
      if (!(await this.#send(table, columns, pieces, options))) return;
    } finally {
      this.#inserting.release();
    }
    const message = `Inserting into ${table}: ClickHouse was started anew meanwhile, and the rows are sent again`;
    throw new HeadraceError('CLICKHOUSE_FAILED', message, { retriable: true });
  }

  /** Whether the server was started anew meanwhile: what it drops then, because its log has the token, may not be in its table. */
  async #send(
    table: string,
    columns: readonly Column[],
    pieces: readonly Uint8Array[],
    options: InsertOptions,
  ): Promise<boolean> {
    try {
      const token = await this.#life.token(options.token);
      const result = await this.#client.exec({
        query: `INSERT INTO ${table} (${columnNames(columns)}) SETTINGS ${settingsText(insertSettings(token, options))} FORMAT RowBinary`,
        values: Readable.from(pieces, { objectMode: false }),
        query_id: options.queryId,
        clickhouse_settings: { wait_end_of_query: 1 },
      });
      for await (const _chunk of result.stream) {
        // An insert answers nothing; the stream has to be read to its end for the connection to be free again.
      }
      return await this.#life.hasRestarted();
    } catch (error) {
      const failure = insertError(error, table);
      this.#life.doubt();
      if (leavesTokenInDoubt(failure)) this.#life.renew();
      throw failure;
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
      if (options.signal?.aborted === true) throw brokenOff();
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
    await this.command(`KILL QUERY WHERE ${ofInsert(queryId)} SYNC`);
    if (await this.#endsWithin(queryId, KILL_WAIT_MS)) return;
    throw new HeadraceError('CLICKHOUSE_FAILED', `The earlier insert ${queryId} does not end`, { retriable: true });
  }

  async #endsWithin(queryId: string, waitMs: number): Promise<boolean> {
    for (let waited = 0; ; waited += SETTLE_POLL_MS) {
      const running = await this.rows(`SELECT query_id FROM system.processes WHERE ${ofInsert(queryId)}`);
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
    const formatted = await this.#formatted.of(sql, async () => {
      const [row] = await this.rows<{ sql: string }>(`SELECT formatQuery(${quoteText(sql)}) AS sql`);
      return row?.sql ?? '';
    });
    return guardRead(formatted, this.#tableFunctions, parameters);
  }

  async #start(): Promise<ServerStart> {
    let start = await this.#askLife().catch((error: unknown) => {
      // The table is missing; what may pass is for the caller to try again.
      if (!(error instanceof HeadraceError) || error.retriable) throw error;
      return undefined;
    });
    if (start !== undefined) return start;
    for (const statement of NAME_SERVER_LIFE) await this.command(statement);
    start = await this.#askLife();
    if (start !== undefined) return start;
    // Another node of a cluster has answered, or the server has started once more.
    throw new HeadraceError('CLICKHOUSE_FAILED', 'The server does not say since when it lives', { retriable: true });
  }

  async #askLife(): Promise<ServerStart | undefined> {
    const [start] = await this.rows<ServerStart & { readonly names: string }>(ASK_SERVER_LIFE);
    return start?.names === '0' ? undefined : start;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** The insert itself, and parts of its rows that are sent on their own. */
function ofInsert(queryId: string): string {
  return `(query_id = ${quoteText(queryId)} OR startsWith(query_id, ${quoteText(`${queryId}/`)}))`;
}
