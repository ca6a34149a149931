import { expect, it } from 'vitest';
import { type TierOptions, tierSettings } from '../../../src/clickhouse/tiers/tier-settings.ts';
import { isOwnTtl, tierStatements, ttlOf, ttlStatements } from '../../../src/clickhouse/tiers/tier-statements.ts';
import { TIER_TABLES } from '../../../src/clickhouse/tiers/tier-tables.ts';

const settings = (options: TierOptions) => tierSettings(options, 'store');

const table = (name: string) => TIER_TABLES.find((each) => each.name === name)!;
const both = ['cold', 'archive'] as const;

it('what a table gets is what it is and which tiers there are', () => {
  const usual = settings({});
  const deleting = settings({ deleteExpired: true });
  const [facts, states, refusals] = ['postings_rows', 'withdrawals_rows', 'dead_letters_rows'].map(table);
  const moves =
    "recorded_at + toIntervalMonth(3) TO VOLUME 'cold', recorded_at + toIntervalMonth(12) TO VOLUME 'archive'";
  expect(ttlOf(facts!, usual, both)).toBe(moves);
  expect(ttlOf(facts!, usual, ['archive'])).toBe("recorded_at + toIntervalMonth(12) TO VOLUME 'archive'");
  expect(ttlOf(facts!, usual, [])).toBeUndefined();
  expect(ttlOf(facts!, deleting, both)).toBe(`${moves}, recorded_at + toIntervalMonth(84)`);
  expect(ttlOf(states!, deleting, both)).toBe(moves);
  expect(ttlOf(refusals!, usual, both)).toBeUndefined();
  expect(ttlOf(refusals!, deleting, both)).toBe('taken_in_at + toIntervalMonth(84)');
});

it('no table that says how things stand expires', () => {
  const expiring = TIER_TABLES.filter(({ expires }) => expires).map(({ name }) => name);
  for (const name of ['balances_rows', 'account_daily_summary_rows', 'withdrawals_rows', 'reconciliation_cases_rows'])
    expect(expiring).not.toContain(name);
  expect(expiring).toContain('transactions_rows');
});

it('knows its own rules from those of others', () => {
  const own = TIER_TABLES.flatMap((each) => ttlOf(each, settings({ deleteExpired: true }), both) ?? []);
  for (const ttl of own) expect([ttl, isOwnTtl(ttl)]).toEqual([ttl, true]);
  expect(isOwnTtl("recorded_at + toIntervalMonth(3) TO VOLUME IF EXISTS 'cold'")).toBe(true);
  for (const ttl of [
    'occurred_at + toIntervalMonth(3)',
    'recorded_at + toIntervalDay(3)',
    "recorded_at + toIntervalMonth(3) TO DISK 'cold'",
    'recorded_at + toIntervalMonth(84) WHERE amount_minor = 0',
    "recorded_at + toIntervalMonth(3) TO VOLUME 'cold', occurred_at + toIntervalYear(1)",
  ])
    expect([ttl, isOwnTtl(ttl)]).toEqual([ttl, false]);
});

it('what cannot be asked is given all statements, and none where nothing is asked for', () => {
  expect(tierStatements(settings({}))).toEqual([]);
  const statements = tierStatements(settings({ storagePolicy: 'tiered', deleteExpired: true }));
  expect(statements.slice(0, 3)).toEqual([
    "ALTER TABLE headrace.transactions_rows MODIFY SETTING storage_policy = 'tiered'",
    'ALTER TABLE headrace.transactions_rows MODIFY SETTING materialize_ttl_recalculate_only = 1',
    expect.stringMatching(/^ALTER TABLE headrace\.transactions_rows MODIFY TTL .*'cold'.*'archive'.*\(84\)$/),
  ]);
  expect(statements.join('\n')).not.toMatch(/dead_letters_rows MODIFY SETTING storage_policy|balances/);
  const deleting = tierStatements(settings({ deleteExpired: true })).join('\n');
  expect(deleting).not.toMatch(/VOLUME|storage_policy|\.withdrawals/);
  expect(deleting).toContain('postings_rows MODIFY TTL recorded_at + toIntervalMonth(84)');
  expect(ttlStatements('x_rows', undefined)).toEqual(['ALTER TABLE headrace.x_rows REMOVE TTL']);
});
