import { HeadraceError } from '../../errors.ts';
import type { ClickHouse } from '../clickhouse.ts';
import { quoteText } from '../connection/sql-text.ts';
import { COLD_TIERS, type ColdTier, type TierSettings } from './tier-settings.ts';
import { isOwnTtl, policyStatement, ttlOf, ttlStatements } from './tier-statements.ts';
import { TIER_TABLES, type TierTable } from './tier-tables.ts';

interface FoundTable {
  readonly name: string;
  readonly engine_full: string;
  readonly storage_policy: string;
}

interface FoundVolume {
  readonly policy: string;
  readonly volume: string;
}

/** The tiers that each policy has. */
type Volumes = ReadonlyMap<string, readonly ColdTier[]>;

/**
 * Gives the tables the storage policy and the TTL that the settings say, where they have another: at every start, for the
 * settings may have changed. Each table for itself, so that a crash between two is mended by the next start. A TTL that somebody else
 * has given a table is left where no tiers are asked for. Throws TIERS_INVALID for a policy that is missing or has no such
 * volumes, and where somebody else's TTL is in the way; CLICKHOUSE_FAILED.
 */
export async function applyTiers(
  clickhouse: Pick<ClickHouse, 'command' | 'rows'>,
  settings: TierSettings,
): Promise<void> {
  const found = await clickhouse.rows<FoundTable>(
    `SELECT name, engine_full, storage_policy FROM system.tables WHERE database = 'headrace' AND engine LIKE '%MergeTree' AND name IN (${TIER_TABLES.map(({ name }) => quoteText(name)).join(', ')})`,
  );
  const volumes = await volumesOf(clickhouse);
  if (settings.storagePolicy !== undefined) requireTiers(settings.storagePolicy, volumes);
  for (const table of TIER_TABLES) {
    const present = found.find(({ name }) => name === table.name);
    // A workload of a user's has none of them; on a cluster they are beneath Distributed ones, and its administrator's.
    if (present !== undefined) await bring(clickhouse, table, present, settings, volumes);
  }
}

async function bring(
  clickhouse: Pick<ClickHouse, 'command'>,
  table: TierTable,
  present: FoundTable,
  settings: TierSettings,
  volumes: Volumes,
): Promise<void> {
  const policy = table.isMoved ? (settings.storagePolicy ?? present.storage_policy) : present.storage_policy;
  const asked = tiersAskedFor(settings);
  const tiers = (volumes.get(policy) ?? []).filter((tier) => asked.includes(tier));
  const wanted = ttlOf(table, settings, tiers);
  const ttl = / TTL (.*?)(?: SETTINGS .*)?$/s.exec(present.engine_full)?.[1];
  const isForeign = ttl !== undefined && !isOwnTtl(ttl);
  if (isForeign && wanted !== undefined) {
    throw invalid(
      `The table headrace.${table.name} has a TTL that is not Headrace's: ${ttl}. Take it away (ALTER TABLE … REMOVE TTL), or start without tiers and without --delete-expired`,
    );
  }
  if (policy !== present.storage_policy) await givePolicy(clickhouse, table.name, policy);
  if (ttl === wanted || isForeign) return;
  for (const statement of ttlStatements(table.name, wanted)) await clickhouse.command(statement);
}

/** A server's policy has what volumes it has; the embedded engine's those of its directories. */
function tiersAskedFor({ storagePolicy, directories }: TierSettings): readonly ColdTier[] {
  return COLD_TIERS.filter((tier) => storagePolicy !== undefined || directories[tier] !== undefined);
}

async function volumesOf(clickhouse: Pick<ClickHouse, 'rows'>): Promise<Volumes> {
  const rows = await clickhouse.rows<FoundVolume>(
    'SELECT policy_name AS policy, volume_name AS volume FROM system.storage_policies',
  );
  const policies = new Set(rows.map(({ policy }) => policy));
  return new Map(
    [...policies].map((policy) => [
      policy,
      COLD_TIERS.filter((tier) => rows.some((row) => row.policy === policy && row.volume === tier)),
    ]),
  );
}

function requireTiers(policy: string, volumes: Volumes): void {
  const tiers = volumes.get(policy);
  if (tiers === undefined)
    throw invalid(
      `The ClickHouse server has no storage policy ${policy}; there are: ${[...volumes.keys()].sort().join(', ')}. Add it to the server's configuration (docs/CLICKHOUSE.md)`,
    );
  if (tiers.length === 0)
    throw invalid(`The storage policy ${policy} has neither a volume cold nor one named archive (docs/CLICKHOUSE.md)`);
}

async function givePolicy(clickhouse: Pick<ClickHouse, 'command'>, name: string, policy: string): Promise<void> {
  try {
    await clickhouse.command(policyStatement(name, policy));
  } catch (cause) {
    if (!(cause instanceof HeadraceError) || cause.retriable) throw cause;
    throw invalid(
      `The table headrace.${name} does not take the storage policy ${policy}, which must have the volumes and disks of the policy before it: ${cause.message}`,
      cause,
    );
  }
}

function invalid(message: string, cause?: unknown): HeadraceError {
  return new HeadraceError('TIERS_INVALID', message, { cause });
}
