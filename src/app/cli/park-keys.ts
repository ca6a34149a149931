import { HeadraceError } from '../../errors.ts';
import { PARKED_KEYS_MAX } from '../../runtime/parked-keys.ts';

/** All keys that wait are held in memory. */
export const PARKED_KEYS_LIMIT = 1_000_000;

/**
 * How many keys of a partition may wait behind dead letters: what `--park-keys` says, else the environment, for every command that
 * processes records; undefined where none may. Throws USAGE.
 */
export function parkKeysMaxOf(option: number | true | undefined, environment = process.env): number | undefined {
  if (option !== undefined) return option === true ? PARKED_KEYS_MAX : option;
  const text = environment.HEADRACE_PARK_KEYS;
  if (text === undefined || text === '' || text === 'false') return undefined;
  if (text === 'true') return PARKED_KEYS_MAX;
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= PARKED_KEYS_LIMIT) return count;
  throw new HeadraceError(
    'USAGE',
    `HEADRACE_PARK_KEYS must be true, false or a number from 1 to ${PARKED_KEYS_LIMIT}, not ${text}`,
  );
}
