import { HeadraceError } from '../errors.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import type { OpenTopicFormats } from './formats/open-topic-formats.ts';
import type { LocalNodeOptions } from './local-node-options.ts';
import { userWorkload } from './user-topology/user-workload.ts';
import { bankWorkload, noWorkload, type Workload } from './workload.ts';

export type { Workload } from './workload.ts';

/**
 * What works in a data directory: what this process was told, and what worked in it before. Throws USAGE where the bank's systems are to run
 * in the directory of a user's topology.
 */
export function workloadIn(directory: DataDirectory, options: LocalNodeOptions, formats: OpenTopicFormats): Workload {
  const { loaded } = options;
  if (loaded !== undefined) {
    const workload = userWorkload(loaded);
    directory.setApplication(loaded.application);
    return workload;
  }
  if (directory.application === undefined) {
    return bankWorkload({ ...options, valueSerde: formats.valueSerde }, formats);
  }
  if (options.runsBank !== true) return noWorkload(formats);
  throw new HeadraceError(
    'USAGE',
    `In the data directory ${directory.path} the topology ${directory.application} works: name its file with --topology, or another directory with --data`,
  );
}
