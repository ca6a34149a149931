import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';

/** The serdes that are given, else those known from before. Throws TOPOLOGY_INVALID, naming the operator, where one is neither. */
export function requiredSerdes<K, V>(
  given: KnownSerdes<K, V>,
  known: KnownSerdes<K, V>,
  operator: string,
): { readonly key: Serde<K>; readonly value: Serde<V> } {
  const key = given.key ?? known.key;
  const value = given.value ?? known.value;
  if (key === undefined || value === undefined) {
    const missing = key === undefined ? 'key' : 'value';
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${operator}: the serde of the ${missing} is not known here (an operator before it changed the ${missing}); give it as an option`,
    );
  }
  return { key, value };
}
