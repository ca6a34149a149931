import { SINK } from '../engine.ts';
import { MIGRATIONS } from '../migrations.ts';
import { loadTopology } from '../user-topology/loaded-topology.ts';
import { userSinkName } from '../user-topology/user-workload.ts';
import type { GlobalOptions } from './context.ts';

/** What the options name, a user's topology or the bank: its sink's group and its migrations. */
export async function workloadNames({ topology, application }: GlobalOptions): Promise<{
  readonly application: string | undefined;
  readonly sink: string;
  readonly migrations: string | undefined;
}> {
  if (topology === undefined) return { application: undefined, sink: SINK, migrations: MIGRATIONS };
  const loaded = await loadTopology(topology, application);
  return {
    application: loaded.application,
    sink: userSinkName(loaded.application),
    migrations: loaded.migrations,
  };
}
