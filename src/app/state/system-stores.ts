import type { GroupStores } from '../../log/log.ts';
import { changelogsOf } from '../../runtime/changelogs.ts';
import type { System } from '../systems.ts';

/** The stores of a system and where they hang, for `Log.readState`. */
export function storesOfSystem({ application, topology }: Pick<System, 'application' | 'topology'>): GroupStores {
  return { group: application, changelogs: changelogsOf(topology.plan, application) };
}
