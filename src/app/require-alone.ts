import { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';

/** Throws INSTANCES_RUNNING where other processes have members in these groups: what comes in there can't be held back from here. */
export async function requireAlone(log: Pick<Log, 'membersElsewhere'>, groups: readonly string[]): Promise<void> {
  const others = (await log.membersElsewhere?.(groups)) ?? [];
  if (others.length === 0) return;
  throw new HeadraceError(
    'INSTANCES_RUNNING',
    `Other instances work on this log (${others.join(', ')}): what comes in there can't be held back from here, and the sink writes into the ClickHouse of one instance, perhaps not this one's. Stop them in good order and run it again where the sink ran; one that was killed is gone after its session, ten seconds`,
  );
}
