import { Command } from 'commander';
import { expect, it } from 'vitest';
import { tiersOf, withTierOptions } from '../../../src/app/cli/tiers.ts';
import type { TierOptions } from '../../../src/clickhouse/tiers/tier-settings.ts';

const parsed = (...args: readonly string[]) =>
  withTierOptions(new Command('start').exitOverride().configureOutput({ writeErr: () => {} }))
    .parse(args, { from: 'user' })
    .opts<TierOptions>();

it('takes options, and from the environment what they do not say', () => {
  expect(tiersOf(parsed(), {})).toMatchObject({ directories: {}, deletesExpired: false, retentionMonths: 84 });
  const args = ['--cold-directory', '/cold', '--archive-directory', '/archive', '--cold-after-months', '1'];
  const environment = {
    HEADRACE_COLD_DIRECTORY: '/other',
    HEADRACE_ARCHIVE_AFTER_MONTHS: '24',
    HEADRACE_RETENTION_MONTHS: '120',
    HEADRACE_DELETE_EXPIRED: 'true',
    HEADRACE_STORAGE_POLICY: '',
  };
  expect(tiersOf(parsed(...args), environment)).toMatchObject({
    directories: { cold: '/cold', archive: '/archive' },
    storagePolicy: undefined,
    afterMonths: { cold: 1, archive: 24 },
    retentionMonths: 120,
    deletesExpired: true,
  });
  expect(tiersOf(parsed('--delete-expired', '--storage-policy', 'p'), {})).toMatchObject({
    deletesExpired: true,
    storagePolicy: 'p',
  });
  expect(tiersOf(parsed(), { HEADRACE_STORAGE_POLICY: 'tiered' }).storagePolicy).toBe('tiered');
  expect(tiersOf(parsed(), {}).storeName).not.toBe(tiersOf(parsed(), {}).storeName);
});

it('what would delete by a slip is wrong usage', () => {
  expect(() => tiersOf({}, { HEADRACE_DELETE_EXPIRED: 'yes' })).toThrow(/HEADRACE_DELETE_EXPIRED is yes: give true or/);
  expect(() => tiersOf({}, { HEADRACE_RETENTION_MONTHS: '7y' })).toThrow(
    /HEADRACE_RETENTION_MONTHS is 7y\. It must be/,
  );
  expect(() => tiersOf({ deleteExpired: true, retentionMonths: 12 }, {})).toThrow(/A retention of 12 months/);
  expect(tiersOf({ deleteExpired: false }, { HEADRACE_DELETE_EXPIRED: 'true' }).deletesExpired).toBe(false);
  expect(() => parsed('--retention-months', '0')).toThrow(/whole number from 1 to 600/);
});
