/** A topic with an Avro schema that gets a table of its own in ClickHouse: what `sinks` of `headrace.config.ts` holds. */
export interface GenericSinkDefinition {
  readonly topic: string;
  /** Without a database: rows stand in `headrace.NAME_rows`, and readers ask the view `headrace.NAME`. */
  readonly table: string;
  /** The schema of the topic's values: an `.avsc` file, or a subject of the schema registry (the latest version unless told). */
  readonly schema: string | { readonly subject: string; readonly version?: number };
  /** Where there is no registry: the schemas that values were written with, as files, by the id in front of the values. */
  readonly ids?: Readonly<Record<number, string>>;
  /**
   * Fields by which a later row replaces an earlier one, and by which the table is ordered. Without it every record is a
   * row for ever, and the table is ordered by partition and offset.
   */
  readonly key?: readonly string[];
  /** With `key`: the field that grows with each change; without it the offset does, which is right where a key stays in its partition. */
  readonly version?: string;
  /** Without `key`: fields that come before partition and offset in the table's order. */
  readonly orderBy?: readonly string[];
  /**
   * The date or time whose month cuts the table, or false for none. Without it: the record's timestamp; none with `key`,
   * since rows are replaced within a month only, so that with `key` it must be a time that never changes.
   */
  readonly partitionBy?: string | false;
  /** What is wanted otherwise of a field's column, by the field's path (`customer.address.city`). */
  readonly columns?: Readonly<Record<string, GenericColumnOverride>>;
}

/** What of a column is not to be as the schema says. */
export interface GenericColumnOverride {
  /** The path with underscores, unless told. */
  readonly name?: string;
  /** Another type that holds the same values, such as `LowCardinality(String)` for a text; without `Nullable`, which the schema decides. */
  readonly type?: string;
  /** Such as `ZSTD(3)` or `T64, ZSTD(1)`. */
  readonly codec?: string;
}
