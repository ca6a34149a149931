import type { Store } from '../../clickhouse/store.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { openDataDirectory } from '../../storage/data-directory.ts';
import { openEmbeddedClickHouse } from '../open-clickhouse.ts';
import type { GlobalOptions } from './context.ts';
import { workloadNames } from './workload-names.ts';

/**
 * Runs `use` on the ClickHouse of a data directory as its owner, migrated unless told otherwise. Throws DATA_DIRECTORY_IN_USE
 * where another process runs on it: what changes tables is not asked of a process that writes to them.
 */
export async function withOwnClickHouse<T>(
  options: GlobalOptions,
  clock: Clock,
  use: (store: Store) => Promise<T>,
  isMigrated = true,
): Promise<T> {
  const { application, migrations } = await workloadNames(options);
  const directory = openDataDirectory(options.data, { clock });
  try {
    if (application !== undefined) directory.setApplication(application);
    else if (directory.application !== undefined) {
      throw new HeadraceError(
        'USAGE',
        `In the data directory ${directory.path} the topology ${directory.application} works: name its file with --topology`,
      );
    }
    const store = await openEmbeddedClickHouse(directory.path, isMigrated ? migrations : undefined, clock);
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  } finally {
    await directory.close();
  }
}
