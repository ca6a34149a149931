import { joinParts, partsOf } from '../serde/parts.ts';
import type { Serde } from '../serde/serde.ts';
import { nameAround } from '../serde/serde-name.ts';
import type { RowChange } from './topology/nodes.ts';

/** A row and the one that it replaces, for the repartition topic of a grouped table. */
export function rowChangeSerde(row: Serde<unknown>): Serde<RowChange> {
  const bytesOf = (value: unknown) => (value === null ? null : row.serialize(value));
  return {
    ...nameAround('row-change', row),
    serialize: ({ value, before }) => joinParts([bytesOf(value), bytesOf(before)]),
    deserialize(bytes) {
      const parts = partsOf(bytes, 'The change of a row of a grouped table', 2);
      const [value, before] = parts.map((part) => (part === null ? null : row.deserialize(part)));
      return { value, before };
    },
  };
}
