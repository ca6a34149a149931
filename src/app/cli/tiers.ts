import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { MONTHS_MAX, type TierOptions, type TierSettings, tierSettings } from '../../clickhouse/tiers/tier-settings.ts';
import { HeadraceError } from '../../errors.ts';
import { wholeNumber } from './numbers.ts';

/** Where the environment says what an option does not. */
export const TIER_VARIABLES = {
  coldDirectory: 'HEADRACE_COLD_DIRECTORY',
  archiveDirectory: 'HEADRACE_ARCHIVE_DIRECTORY',
  storagePolicy: 'HEADRACE_STORAGE_POLICY',
  coldAfterMonths: 'HEADRACE_COLD_AFTER_MONTHS',
  archiveAfterMonths: 'HEADRACE_ARCHIVE_AFTER_MONTHS',
  retentionMonths: 'HEADRACE_RETENTION_MONTHS',
  deleteExpired: 'HEADRACE_DELETE_EXPIRED',
} as const satisfies Record<keyof TierOptions, string>;

const months = wholeNumber(1, MONTHS_MAX);

export function withTierOptions(command: Command): Command {
  return command
    .option(
      '--cold-directory <directory>',
      "of the data directory's ClickHouse: rows go here with age; remembered ($HEADRACE_COLD_DIRECTORY)",
    )
    .option('--archive-directory <directory>', 'and here when they are old; remembered ($HEADRACE_ARCHIVE_DIRECTORY)')
    .option(
      '--storage-policy <name>',
      'with --clickhouse: a policy of the server with volumes cold, archive or both ($HEADRACE_STORAGE_POLICY)',
    )
    .option('--cold-after-months <n>', 'since a row came in (3, or $HEADRACE_COLD_AFTER_MONTHS)', months)
    .option('--archive-after-months <n>', 'since a row came in (12, or $HEADRACE_ARCHIVE_AFTER_MONTHS)', months)
    .option(
      '--retention-months <n>',
      'for how long rows must be there since they came in (84, or $HEADRACE_RETENTION_MONTHS)',
      months,
    )
    .option(
      '--delete-expired',
      'delete rows of ClickHouse behind their retention; without it nothing is ever deleted ($HEADRACE_DELETE_EXPIRED=true)',
    );
}

/** What options and environment say of tiers. Throws USAGE for what is no number of months, and as tierSettings does. */
export function tiersOf(options: TierOptions, environment: NodeJS.ProcessEnv = process.env): TierSettings {
  const said = (name: keyof TierOptions) => environment[TIER_VARIABLES[name]] || undefined;
  const monthsOf = (name: 'coldAfterMonths' | 'archiveAfterMonths' | 'retentionMonths') =>
    options[name] ?? monthsIn(TIER_VARIABLES[name], said(name));
  const given = {
    coldDirectory: options.coldDirectory ?? said('coldDirectory'),
    archiveDirectory: options.archiveDirectory ?? said('archiveDirectory'),
    storagePolicy: options.storagePolicy ?? said('storagePolicy'),
    coldAfterMonths: monthsOf('coldAfterMonths'),
    archiveAfterMonths: monthsOf('archiveAfterMonths'),
    retentionMonths: monthsOf('retentionMonths'),
    deleteExpired: options.deleteExpired ?? flagIn(TIER_VARIABLES.deleteExpired, said('deleteExpired')),
  };
  return tierSettings(given, randomUUID());
}

function monthsIn(variable: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return months(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new HeadraceError('USAGE', `${variable} is ${text}. ${error.message}`);
  }
}

/** A slip must not delete, and must not keep what is to go either: it is told. */
function flagIn(variable: string, text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'true' || text === 'false')
    return text === undefined ? undefined : text === 'true';
  throw new HeadraceError('USAGE', `${variable} is ${text}: give true or false`);
}
