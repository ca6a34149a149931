/** So many statements are kept; longer ones are none that come again and again. */
const STATEMENTS_MAX = 256;
const LENGTH_MAX = 16_384;

/**
 * Statements as ClickHouse's own parser writes them back, on which the read guard judges. A question comes again and again with
 * other parameters only, and having it written back costs as much as a small query, or a way over the network.
 */
export class FormattedStatements {
  /** The one used last stands last. */
  readonly #known = new Map<string, string>();

  /** The formatted statement; where it is not known, as `format` says. What `format` rejects with is not kept. */
  async of(sql: string, format: () => Promise<string>): Promise<string> {
    const known = this.#known.get(sql);
    const formatted = known ?? (await format());
    this.#known.delete(sql);
    if (sql.length > LENGTH_MAX) return formatted;
    this.#known.set(sql, formatted);
    if (this.#known.size > STATEMENTS_MAX) this.#known.delete(this.#known.keys().next().value!);
    return formatted;
  }
}
