import { HeadraceError } from '../../errors.ts';

/** Colder places that rows are moved to by the time since they came in; each is a volume of ClickHouse's of this name. */
export const COLD_TIERS = ['cold', 'archive'] as const;
/** Its volume beside the hot one, where rows come in. */
export type ColdTier = (typeof COLD_TIERS)[number];

/** What an operator says of tiers and retention; what is left out is as usual. */
export interface TierOptions {
  /** Where the embedded engine keeps the cold tier. Without it there is none, or where it was told before. */
  readonly coldDirectory?: string | undefined;
  /** The same of the archive. */
  readonly archiveDirectory?: string | undefined;
  /** Of a ClickHouse server: a storage policy that has volumes `cold`, `archive` or both. */
  readonly storagePolicy?: string | undefined;
  /** Rows go to the cold tier so many months after they came in (3). */
  readonly coldAfterMonths?: number | undefined;
  /** And to the archive so many months after they came in (12). */
  readonly archiveAfterMonths?: number | undefined;
  /** For how many months rows must be there (84); nothing is deleted before. */
  readonly retentionMonths?: number | undefined;
  /** Whether rows are deleted behind that; without it nothing ever is. */
  readonly deleteExpired?: boolean | undefined;
}

export type TierDirectories = Readonly<Partial<Record<ColdTier, string>>>;

/** Directories that the embedded engine is to have for its tiers. */
export interface GivenDirectories {
  readonly directories: TierDirectories;
  /** Names the store in the marks of its tiers, where it has no name yet: no two have the same. */
  readonly storeName: string;
}

/** The same, checked and whole. */
export interface TierSettings extends GivenDirectories {
  readonly storagePolicy: string | undefined;
  readonly afterMonths: Readonly<Record<ColdTier, number>>;
  readonly retentionMonths: number;
  readonly deletesExpired: boolean;
}

/** Three months, one year, seven years. */
const MONTHS = { cold: 3, archive: 12, retention: 84 } as const;
/** 50 years: ClickHouse's DateTime ends in 2106, and a time beyond that would come out as one long past. */
export const MONTHS_MAX = 600;

/**
 * Throws USAGE for times that contradict each other: each tier must begin behind the one before, and nothing may be due before
 * it is in the last.
 *
 * @param storeName made by chance.
 */
export function tierSettings(options: TierOptions, storeName: string): TierSettings {
  const cold = months('--cold-after-months', options.coldAfterMonths ?? MONTHS.cold);
  const archive = months('--archive-after-months', options.archiveAfterMonths ?? MONTHS.archive);
  const retention = months('--retention-months', options.retentionMonths ?? MONTHS.retention);
  if (archive <= cold)
    throw usage(`Rows go to the archive after the cold tier: ${archive} months must be more than ${cold}`);
  if (retention <= archive)
    throw usage(
      `A retention of ${retention} months is over before rows would be in the archive (${archive} months): give more, or an earlier archive`,
    );
  if (options.storagePolicy !== undefined && !/^[\w.-]+$/.test(options.storagePolicy))
    throw usage(
      `${JSON.stringify(options.storagePolicy)} is no name of a storage policy; system.storage_policies lists them`,
    );
  const { coldDirectory, archiveDirectory } = options;
  return {
    directories: {
      ...(coldDirectory === undefined ? {} : { cold: coldDirectory }),
      ...(archiveDirectory === undefined ? {} : { archive: archiveDirectory }),
    },
    storeName,
    storagePolicy: options.storagePolicy,
    afterMonths: { cold, archive },
    retentionMonths: retention,
    deletesExpired: options.deleteExpired ?? false,
  };
}

/** Throws USAGE where directories are given for a server, whose disks are its administrator's. */
export function requireNoDirectories({ directories }: TierSettings): void {
  if (Object.keys(directories).length === 0) return;
  throw usage(
    '--cold-directory and --archive-directory are for the ClickHouse in the data directory. A server has its disks in its own configuration: name its policy with --storage-policy',
  );
}

/** A server's policy was named where there is no server. */
export function policyWithoutServer(): HeadraceError {
  return usage(
    '--storage-policy is of a ClickHouse server (--clickhouse). The ClickHouse in the data directory gets its tiers by --cold-directory and --archive-directory',
  );
}

function months(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= MONTHS_MAX) return value;
  throw usage(`${name} must be a whole number from 1 to ${MONTHS_MAX}, not ${value}`);
}

function usage(message: string): HeadraceError {
  return new HeadraceError('USAGE', message);
}
