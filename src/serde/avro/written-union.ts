import { HeadraceError } from '../../errors.ts';
import { type ByteReader, unreadable } from './byte-reader.ts';
import type { AvroType } from './schema.ts';

/**
 * Reads what was written as one of several types. A branch that the reader can't take (SCHEMA_INCOMPATIBLE) fails where it is met, as
 * the specification wants it; where it can take none of them, that is thrown at once.
 */
export function writtenUnion<Value>(
  branches: readonly AvroType[],
  path: string,
  compileBranch: (branch: AvroType) => (bytes: ByteReader) => Value,
): (bytes: ByteReader) => Value {
  const failures: HeadraceError[] = [];
  const reads = branches.map((branch): ((bytes: ByteReader) => Value) => {
    try {
      return compileBranch(branch);
    } catch (error) {
      if (!(error instanceof HeadraceError) || error.code !== 'SCHEMA_INCOMPATIBLE') throw error;
      failures.push(error);
      return () => {
        throw unreadable(error.message);
      };
    }
  });
  if (failures.length === branches.length) throw failures[0]!;
  return (bytes) => {
    const read = reads[bytes.int()];
    if (read === undefined) throw unreadable(`${path} has no such branch`);
    return read(bytes);
  };
}
