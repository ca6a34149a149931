import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, type Store } from '../../src/clickhouse/store.ts';

export const MIGRATIONS = fileURLToPath(new URL('../../sql', import.meta.url));

/** A directory that is gone after `use`, whatever happens in it. */
export async function withDirectory<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'headrace-clickhouse-'));
  try {
    return await use(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

export function openAt(path: string, readers?: number): Promise<Store> {
  const bound = readers === undefined ? {} : { readers };
  return openStore({ at: { path }, migrationsDirectory: MIGRATIONS, clock: () => 1_700_000_000_000, ...bound });
}

/** A migrated store of its own, closed and gone afterwards. */
export function withStore<T>(use: (store: Store) => Promise<T>, readers?: number): Promise<T> {
  return withDirectory(async (path) => {
    const store = await openAt(path, readers);
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  });
}
