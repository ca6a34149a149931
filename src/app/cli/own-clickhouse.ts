import { openServer } from '../../clickhouse/connection/server.ts';
import { bringUp, type Store } from '../../clickhouse/store.ts';
import { requireNoDirectories, type TierSettings } from '../../clickhouse/tiers/tier-settings.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { openDataDirectory } from '../../storage/data-directory.ts';
import { openEmbeddedClickHouse } from '../open-clickhouse.ts';
import type { GlobalOptions } from './context.ts';
import { workloadNames } from './workload-names.ts';

/** What a command that makes tables needs of a store. */
export type OwnStore = Pick<Store, 'clickhouse' | 'applied'>;

/**
 * Runs `use` on the ClickHouse server where one is named, else on that of the data directory as its owner, migrated unless told
 * otherwise, and brought to tiers where they are given. Throws DATA_DIRECTORY_IN_USE where another process runs on it: what changes tables is not asked of a process that
 * writes to them.
 */
export async function withOwnClickHouse<T>(
  options: GlobalOptions,
  clock: Clock,
  use: (store: OwnStore) => Promise<T>,
  { isMigrated = true, tiers }: { readonly isMigrated?: boolean; readonly tiers?: TierSettings } = {},
): Promise<T> {
  const { application, migrations } = await workloadNames(options);
  const migrationsDirectory = isMigrated ? migrations : undefined;
  if (options.clickhouse !== undefined)
    return withServer(options.clickhouse, { migrationsDirectory, clock, tiers }, use);
  const directory = openDataDirectory(options.data, { clock });
  try {
    if (application !== undefined) directory.setApplication(application);
    else if (directory.application !== undefined) {
      throw new HeadraceError(
        'USAGE',
        `In the data directory ${directory.path} the topology ${directory.application} works: name its file with --topology`,
      );
    }
    const store = await openEmbeddedClickHouse(directory.path, migrationsDirectory, clock, tiers);
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  } finally {
    await directory.close();
  }
}

/** A server that is away is an error here: somebody waits for it. */
async function withServer<T>(
  url: string,
  options: Parameters<typeof bringUp>[1],
  use: (store: OwnStore) => Promise<T>,
): Promise<T> {
  if (options.tiers !== undefined) requireNoDirectories(options.tiers);
  const clickhouse = openServer({ url });
  try {
    return await use({ clickhouse, applied: await bringUp(clickhouse, options) });
  } finally {
    await clickhouse.close();
  }
}
