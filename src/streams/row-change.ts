import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import { nameAround } from '../serde/serde-name.ts';
import type { RowChange } from './topology/nodes.ts';

const LENGTH_BYTES = 4;
const NONE = 0xff_ff_ff_ff;

/**
 * A row and the one that it replaces, for the repartition topic of a grouped table: each with its length before it, four
 * bytes, all ones for none.
 */
export function rowChangeSerde(row: Serde<unknown>): Serde<RowChange> {
  return {
    ...nameAround('row-change', row),
    serialize({ value, before }) {
      const parts = [value, before].map((each) => (each === null ? null : row.serialize(each)));
      const bytes = new Uint8Array(parts.reduce((sum, part) => sum + LENGTH_BYTES + (part?.length ?? 0), 0));
      const view = new DataView(bytes.buffer);
      let at = 0;
      for (const part of parts) {
        view.setUint32(at, part === null ? NONE : part.length);
        if (part !== null) bytes.set(part, at + LENGTH_BYTES);
        at += LENGTH_BYTES + (part?.length ?? 0);
      }
      return bytes;
    },
    deserialize(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = 0;
      const next = (): unknown => {
        if (at + LENGTH_BYTES > bytes.length) throw unreadable();
        const length = view.getUint32(at);
        at += LENGTH_BYTES;
        if (length === NONE) return null;
        if (at + length > bytes.length) throw unreadable();
        at += length;
        return row.deserialize(bytes.subarray(at - length, at));
      };
      const change = { value: next(), before: next() };
      if (at !== bytes.length) throw unreadable();
      return change;
    },
  };
}

function unreadable(): HeadraceError {
  return new HeadraceError(
    'DESERIALIZATION_FAILED',
    'The change of a row of a grouped table is cut off or has more than it needs',
  );
}
