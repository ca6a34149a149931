import type { Environment } from './environment.ts';
import type { KeyCodec, Table } from './table.ts';

/** Names as keys, UTF-8. */
export const textKeys: KeyCodec<string> = {
  write: (key, target, start) => start + target.write(key, start, 'utf8'),
  read: (source, start, end) => source.toString('utf8', start, end),
};

/** The few rows that say what a data directory is: JSON under a name. */
export class MetaTable {
  readonly #table: Table<string>;

  private constructor(table: Table<string>) {
    this.#table = table;
  }

  static of(environment: Environment): MetaTable | undefined {
    const table = environment.table('meta', textKeys);
    return table === undefined ? undefined : new MetaTable(table);
  }

  get(name: string): unknown {
    const value = this.#table.get(name);
    return value === undefined ? undefined : JSON.parse(Buffer.from(value).toString('utf8'));
  }

  put(name: string, value: unknown): void {
    this.#table.put(name, Buffer.from(JSON.stringify(value), 'utf8'));
  }

  delete(name: string): void {
    this.#table.delete(name);
  }
}
