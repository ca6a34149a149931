import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import type { KeyValueStoreDefinition, VersionedStoreDefinition } from '../state/store-definition.ts';
import type { CachedOption } from './cached.ts';
import type { TtlOption } from './ttl.ts';

/** How a table is stored. */
export interface TableOptions extends CachedOption, TtlOption {
  /** Names the store. It becomes part of the state on disk: keep it. */
  readonly name: string;
  /**
   * Makes it a versioned table (KIP-889): what a row was can be read for so long, milliseconds back from the greatest timestamp,
   * and changes that come out of order take their place in it.
   */
  readonly historyMs?: number;
}

/** Throws TOPOLOGY_INVALID for a history that is no time. */
export function tableStore(
  { name, historyMs }: TableOptions,
  key: Serde<unknown>,
  value: Serde<unknown>,
): KeyValueStoreDefinition | VersionedStoreDefinition {
  if (historyMs === undefined) return Object.freeze({ kind: 'keyValue', name, key, value, timestamped: true });
  if (!Number.isSafeInteger(historyMs) || historyMs < 0) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `table(${name}): historyMs must be whole milliseconds, 0 or more, not ${historyMs}`,
    );
  }
  return Object.freeze({ kind: 'versioned', name, key, value, historyMs });
}
