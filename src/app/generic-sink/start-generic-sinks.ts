import type { Store } from '../../clickhouse/store.ts';
import type { LocalNodeOptions } from '../local-node-options.ts';
import type { Workload } from '../workload.ts';
import { GenericSinks, type GenericSinksRunOptions } from './generic-sinks.ts';
import { genericSinkName, openGenericSinks } from './open-generic-sinks.ts';

type NodeOptions = Pick<LocalNodeOptions, 'sinks' | 'schemaRegistry' | 'clock' | 'logger' | 'flushIntervalMs'>;

export interface StartGenericSinksOptions extends Pick<GenericSinksRunOptions, 'log' | 'heldBack' | 'onFault'> {
  readonly node: NodeOptions;
  readonly workload: Workload;
  /** Opens ClickHouse, once there is something for it. */
  readonly store: () => Promise<Store>;
}

/** Starts the sinks that a node's configuration names; none where nothing works on the log. Throws as GenericSinks.start and openGenericSinks do. */
export async function startGenericSinks(options: StartGenericSinksOptions): Promise<GenericSinks | undefined> {
  const { node, workload, store, ...run } = options;
  const { sinks: definitions = [], schemaRegistry, clock, logger, flushIntervalMs } = node;
  if (definitions.length === 0 || workload.systems.length === 0) return undefined;
  const { sink, migrations } = workload;
  const opened = await openGenericSinks({ definitions, sink, migrations, schemaRegistry, clock });
  try {
    return await GenericSinks.start(opened, { ...run, clock, logger, flushIntervalMs, store: await store() });
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** The groups of all sinks of a node. */
export function sinkGroups(node: Pick<LocalNodeOptions, 'sinks'>, { sink }: Pick<Workload, 'sink'>): readonly string[] {
  return [sink, ...(node.sinks ?? []).map(({ table }) => genericSinkName(sink, table))];
}
