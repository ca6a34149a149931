import type { Log } from '../log/log.ts';
import type { KeyValueStoreDefinition } from '../state/store-definition.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { GlobalTableRows } from './global-table-rows.ts';

/** Gives the rows of a plan's global tables. */
export type GlobalTables = (definition: KeyValueStoreDefinition) => GlobalTableRows;

/** The plan of the worker that keeps the global tables, or undefined where there are none. */
export function planOfGlobals({ globalTables }: Plan): Plan | undefined {
  return globalTables.length === 0
    ? undefined
    : { subTopologies: globalTables, repartitionTopics: [], globalTables: [] };
}

/**
 * The group of a worker's global tables. Each worker has all rows, so it is in a group alone. It survives restarts by the
 * member's name: another name reads the topics from the beginning, and the old group stays behind.
 */
export function groupOfGlobals(application: string, member: string): string {
  return `${application}-global-${member}`;
}

/** Reads what the group of global tables has committed. */
export function committedGlobals(
  log: Pick<Log, 'state'>,
  plan: Plan,
  group: string,
  partitionsOf: (topic: string) => number | undefined,
): GlobalTables {
  return globalsIn(plan, (store, partition) => log.state(group).partition(store, partition), partitionsOf);
}

export function globalsIn(
  plan: Plan,
  committed: (store: string, partition: number) => ConstructorParameters<typeof GlobalTableRows>[1][number],
  partitionsOf: (topic: string) => number | undefined,
): GlobalTables {
  return (definition) => {
    const table = plan.globalTables.find(({ stores }) => stores.some(({ name }) => name === definition.name))!;
    const partitions = partitionsOf(table.sources[0]!.topic.name) ?? 0;
    const parts = Array.from({ length: partitions }, (_, partition) => committed(definition.name, partition));
    return new GlobalTableRows(definition, parts);
  };
}
