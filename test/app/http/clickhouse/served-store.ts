import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadingRunner } from '../../../../src/app/http/clickhouse/reading-runner.ts';
import { type ClickHouseServer, serveClickHouse } from '../../../../src/app/http/clickhouse/serve-clickhouse.ts';
import { WritingRunner } from '../../../../src/app/http/clickhouse/writing-runner.ts';
import { openStore, type Store } from '../../../../src/clickhouse/store.ts';

export interface ServedStore {
  readonly store: Store;
  readonly address: string;
  readonly directory: string;
  /** A query by POST; more of the address, more headers. */
  ask(sql: string, parameters?: Readonly<Record<string, string>>, init?: RequestInit): Promise<Response>;
  /** As text; fails unless it is a good answer. */
  text(sql: string, parameters?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** An embedded ClickHouse behind the interface, in this process. */
export async function serveStore(allowsWrites = false): Promise<ServedStore> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-served-'));
  const path = join(directory, 'clickhouse');
  const store = await openStore({ at: { path }, migrationsDirectory: undefined, clock: Date.now });
  const writing = allowsWrites ? new WritingRunner(store, path) : undefined;
  const server: ClickHouseServer = await serveClickHouse(writing ?? new ReadingRunner(async () => store), 0);
  const ask: ServedStore['ask'] = (sql, parameters = {}, init = {}) =>
    fetch(`${server.address}/?${new URLSearchParams(parameters)}`, { method: 'POST', body: sql, ...init });
  return {
    store,
    directory,
    address: server.address,
    ask,
    async text(sql, parameters) {
      const response = await ask(sql, parameters);
      const text = await response.text();
      if (response.status !== 200) throw new RangeError(`${response.status}: ${text}`);
      return text;
    },
    async close() {
      await server.close();
      writing?.close();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
