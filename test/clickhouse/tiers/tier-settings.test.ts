import { expect, it } from 'vitest';
import {
  policyWithoutServer,
  requireNoDirectories,
  type TierOptions,
  tierSettings,
} from '../../../src/clickhouse/tiers/tier-settings.ts';

const settings = (options: TierOptions) => tierSettings(options, 'store');

it('three months, one year and seven years are usual, and nothing is deleted', () => {
  expect(settings({})).toEqual({
    directories: {},
    storeName: 'store',
    storagePolicy: undefined,
    afterMonths: { cold: 3, archive: 12 },
    retentionMonths: 84,
    deletesExpired: false,
  });
  const given = { coldDirectory: '/c', coldAfterMonths: 1, archiveAfterMonths: 2, retentionMonths: 3 };
  expect(settings({ ...given, deleteExpired: true })).toMatchObject({
    directories: { cold: '/c' },
    afterMonths: { cold: 1, archive: 2 },
    retentionMonths: 3,
    deletesExpired: true,
  });
});

it.each<[TierOptions, RegExp]>([
  [{ coldAfterMonths: 12 }, /12 months must be more than 12/],
  [{ archiveAfterMonths: 84 }, /A retention of 84 months is over before .* archive \(84 months\)/],
  [{ retentionMonths: 12, deleteExpired: true }, /A retention of 12 months/],
  [{ retentionMonths: 12 }, /A retention of 12 months/],
  [{ coldAfterMonths: 0 }, /--cold-after-months must be a whole number from 1 to 600/],
  [{ archiveAfterMonths: 1.5 }, /--archive-after-months/],
  // Later than ClickHouse's DateTime goes, a time would come out as long past.
  [{ retentionMonths: 601 }, /--retention-months must be .* 600, not 601/],
  [{ storagePolicy: "a'; DROP" }, /is no name of a storage policy/],
])('%j is refused', (options, message) => {
  expect(() => settings(options)).toThrow(message);
  expect(() => settings(options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

it('directories are of the embedded engine, policies of a server', () => {
  expect(() => requireNoDirectories(settings({ archiveDirectory: '/a' }))).toThrow(/--storage-policy/);
  expect(() => requireNoDirectories(settings({ storagePolicy: 'tiered' }))).not.toThrow();
  expect(policyWithoutServer()).toMatchObject({ code: 'USAGE', message: expect.stringContaining('--cold-directory') });
});
