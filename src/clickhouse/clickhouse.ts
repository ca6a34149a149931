/** What a row can hold on its way into ClickHouse; integers beyond 2^53 are bigints. */
export type CellValue = string | number | bigint | boolean | Uint8Array | null | readonly CellValue[];

/** A column of a table in ClickHouse. */
export interface Column {
  readonly name: string;
  /** A type of {@link https://clickhouse.com/docs/sql-reference/data-types ClickHouse}, as row-binary/ knows it. */
  readonly type: string;
}

export interface InsertOptions {
  /**
   * Deduplicates: the same token again inserts nothing, while it is certain that the rows of the first time are there (see
   * engine-life.ts). One token belongs to one table and one set of rows.
   */
  readonly token: string;
  /**
   * By which a server's system.processes knows the insert; the embedded engine has no use for it. A part of an insert's
   * rows has the insert's id, a slash and what tells it from other parts.
   */
  readonly queryId: string;
  /** Whether no two of the rows have the same key: then nothing is looked for that would replace another. */
  readonly hasUniqueKeys?: boolean;
  /** Nothing is sent before this resolves; where it rejects, so does the insert. What can be made ready meanwhile is. */
  readonly after?: Promise<void>;
  /** Aborted, an insert that is not sent yet is not sent any more, and rejects with its reason; one that is sent goes on. */
  readonly signal?: AbortSignal;
}

/** How a reader's query is run. */
export interface ReadOptions {
  /** A name of ClickHouse's output formats; JSONEachRow unless told otherwise. */
  readonly format?: string;
  /** Values of `{name:Type}` placeholders; they never enter the SQL text. */
  readonly parameters?: Readonly<Record<string, CellValue>>;
  /** Settings of this one query beyond those that every reader gets. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What somebody outside wants set: judged, and bounded by the limits of ours, as the statement's own SETTINGS are. */
  readonly clientSettings?: Readonly<Record<string, string>>;
  /** Values of placeholders as HTTP brings them, in the way of tab-separated values: `\n` for a line end. */
  readonly escapedParameters?: Readonly<Record<string, string>>;
  /** Where names without a database are looked up: `headrace` where there is one. `default` means the same. */
  readonly database?: string;
  /** Told of the format that the result has, before its first chunk. */
  readonly onFormat?: (format: string) => void;
  /** Seconds until ClickHouse gives the query up, with what is read by a slow consumer counted in. */
  readonly timeLimitSeconds?: number;
  /**
   * Whether the result is known to be small: then it takes less time. One that turns out to be large comes all the same, and takes longer.
   * For questions of ours, never for one who may ask anything.
   */
  readonly isSmall?: boolean;
  /** Ends the query. */
  readonly signal?: AbortSignal;
}

/**
 * One ClickHouse, embedded or a server. Writing goes through one session in the order of the calls; readers are
 * bounded in number and can neither write nor reach files, hosts or other processes.
 */
export interface ClickHouse {
  readonly kind: 'embedded' | 'server';
  /** Runs a statement that returns nothing. Rejects with CLICKHOUSE_FAILED and ClickHouse's own text. */
  command(sql: string): Promise<void>;
  /** The rows of a query of ours, on the writer's session. 64-bit integers and decimals are strings. */
  rows<T>(sql: string): Promise<readonly T[]>;
  /**
   * Inserts rows that are encoded as RowBinary, in pieces, and is on disk when it resolves. Rejects with SINK_ROW_REFUSED where one
   * of the rows is at fault, with VIEW_REFUSED or TABLE_MISMATCH (retriable) where something else in ClickHouse is, and with
   * CLICKHOUSE_FAILED, retriable where the same call may succeed later.
   */
  insert(
    table: string,
    columns: readonly Column[],
    pieces: readonly Uint8Array[],
    options: InsertOptions,
  ): Promise<void>;
  /**
   * A reader's query: exact bytes in chunks, as ClickHouse makes them. 64-bit integers and decimals come as strings in
   * JSON. Rejects with QUERY_FAILED and ClickHouse's own text, retriable where too many readers wait.
   */
  read(sql: string, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /** Resolves when no insert under this query id, and no part of it, is running any more; kills it after a while. */
  settle(queryId: string): Promise<void>;
  close(): Promise<void>;
}

/** All of a reader's query as text; for results that are known to be small. */
export async function readText(clickhouse: ClickHouse, sql: string, options: ReadOptions = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of clickhouse.read(sql, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** All rows of a reader's query as objects; for results that are known to be small. */
export async function readRows<T>(
  clickhouse: ClickHouse,
  sql: string,
  options: ReadOptions = {},
): Promise<readonly T[]> {
  const text = await readText(clickhouse, sql, { ...options, format: 'JSONEachRow' });
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as T);
}
