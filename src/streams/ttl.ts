import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import type { TtlIndexDefinition } from '../state/store-definition.ts';

/** What tables without a history of their own take. */
export interface TtlOption {
  /**
   * How long a row stays after its last update, milliseconds; then it is deleted, and the deletion is sent on. It counts from
   * intake, by the log's own timestamps and never by event time (design D7), and passes with the records of the partition.
   */
  readonly ttlMs?: number;
}

/** How long rows stay, and the store that knows which is next. */
export interface Ttl {
  readonly ms: number;
  readonly index: TtlIndexDefinition;
}

/** For a table's node: empty where rows stay for ever. Throws TOPOLOGY_INVALID for what is no time, and beside a history. */
export function ttlOf(
  { name, ttlMs, historyMs }: TtlOption & { readonly name: string; readonly historyMs?: number },
  key: Serde<unknown>,
): { readonly ttl?: Ttl } {
  if (ttlMs === undefined) return {};
  const invalid = (reason: string) => new HeadraceError('TOPOLOGY_INVALID', `${name}: ${reason}`);
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
    throw invalid(`ttlMs must be whole milliseconds, at least 1, not ${ttlMs}`);
  }
  if (historyMs !== undefined) throw invalid('a table with a history has no ttlMs; delete its rows by null values');
  return { ttl: Object.freeze({ ms: ttlMs, index: Object.freeze({ kind: 'ttlIndex', name: `${name}-ttl`, key }) }) };
}
