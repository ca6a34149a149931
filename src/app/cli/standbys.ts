import { HeadraceError } from '../../errors.ts';

/** Each is another copy of all state; beyond a few, brokers and disks do nothing else. */
export const STANDBYS_MAX = 8;

/**
 * How many copies of each partition's state are kept on other instances: what `--standbys` says, else the environment. Throws USAGE for
 * what is no such number, and where the log is not on Kafka: there is one instance only.
 */
export function standbysOf(
  option: number | undefined,
  kafka: string | undefined,
  environment = process.env,
): number | undefined {
  const text = environment.HEADRACE_STANDBYS;
  const count = option ?? (text === undefined || text === '' ? undefined : Number(text));
  if (count === undefined) return undefined;
  if (option === undefined && (!/^\d+$/.test(text!) || count > STANDBYS_MAX)) {
    throw new HeadraceError('USAGE', `HEADRACE_STANDBYS must be a number from 0 to ${STANDBYS_MAX}, not ${text}`);
  }
  if (count > 0 && kafka === undefined) {
    throw new HeadraceError(
      'USAGE',
      'Standbys are for several instances on Apache Kafka: name its brokers with --kafka',
    );
  }
  return count;
}
