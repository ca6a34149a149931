import { quoteText } from '../connection/sql-text.ts';
import { COLD_TIERS, type ColdTier, type TierSettings } from './tier-settings.ts';
import { TIER_TABLES, type TierTable } from './tier-tables.ts';

/** A rule of ours as the engine writes it back; rules of others look otherwise, and are theirs. */
const OWN_RULE = /^(recorded_at|taken_in_at) \+ toIntervalMonth\(\d+\)( TO VOLUME (IF EXISTS )?'(cold|archive)')?$/;

/**
 * The TTL that a table should have, as the engine writes it back; undefined for none.
 *
 * @param volumes the tiers that there are.
 */
export function ttlOf(table: TierTable, settings: TierSettings, volumes: readonly ColdTier[]): string | undefined {
  const after = (months: number) => `${table.takenInAt} + toIntervalMonth(${months})`;
  const rules = [
    ...COLD_TIERS.filter((tier) => table.isMoved && volumes.includes(tier)).map(
      (tier) => `${after(settings.afterMonths[tier])} TO VOLUME '${tier}'`,
    ),
    ...(table.expires && settings.deletesExpired ? [after(settings.retentionMonths)] : []),
  ];
  return rules.length === 0 ? undefined : rules.join(', ');
}

/** Whether a TTL consists of rules that are ours. */
export function isOwnTtl(ttl: string): boolean {
  return ttl.split(', ').every((rule) => OWN_RULE.test(rule));
}

/** Gives a table a storage policy, which must have the volumes and disks of the one before. */
export function policyStatement(name: string, policy: string): string {
  return `ALTER TABLE headrace.${name} MODIFY SETTING storage_policy = ${quoteText(policy)}`;
}

/**
 * Gives a table a TTL. What is there already is measured by it too, in the background: of parts with a file for each column
 * only that of the times is written again.
 */
export function ttlStatements(name: string, ttl: string | undefined): readonly string[] {
  if (ttl === undefined) return [`ALTER TABLE headrace.${name} REMOVE TTL`];
  return [
    `ALTER TABLE headrace.${name} MODIFY SETTING materialize_ttl_recalculate_only = 1`,
    `ALTER TABLE headrace.${name} MODIFY TTL ${ttl}`,
  ];
}

/** All of it for a place where nothing can be asked: its policy has both volumes. */
export function tierStatements(settings: TierSettings): readonly string[] {
  const { storagePolicy } = settings;
  const volumes = storagePolicy === undefined ? [] : COLD_TIERS;
  return TIER_TABLES.flatMap((table) => {
    const ttl = ttlOf(table, settings, volumes);
    return [
      ...(storagePolicy !== undefined && table.isMoved ? [policyStatement(table.name, storagePolicy)] : []),
      ...(ttl === undefined ? [] : ttlStatements(table.name, ttl)),
    ];
  });
}
