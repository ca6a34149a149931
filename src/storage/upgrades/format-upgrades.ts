import type { Environment } from '../environment.ts';
import { parkedBySource } from './parked-by-source.ts';

/** What a step may have to know of the data directory beside its tables. */
export interface UpgradeContext {
  /** `embedded` or `kafka`, see DataDirectory.logKind; undefined in what the first releases made, which was embedded. */
  readonly logKind: unknown;
}

/**
 * Brings a data directory from the format before `to` to `to`. Steps are never changed once released, and share no code with the rest: what
 * they read is how it was then.
 */
export interface FormatUpgrade {
  readonly to: number;
  /** What it does, for the log. */
  readonly what: string;
  /** Runs inside the transaction that also writes the new format: all of it is on disk, or nothing. */
  readonly run: (environment: Environment, context: UpgradeContext) => void;
}

/** In order, without a gap. */
export const formatUpgrades: readonly FormatUpgrade[] = [
  { to: 2, what: 'what waits behind dead letters moves to a store for each source topic', run: parkedBySource },
];

/** The version of what this release writes. A directory with a greater one was written by a newer release. */
export const DATA_FORMAT = 2;
