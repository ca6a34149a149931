import { HeadraceError } from '../../errors.ts';
import { type ByteReader, unreadable } from './byte-reader.ts';
import { symbolText } from './logical-types.ts';
import type { AvroType, EnumType } from './schema.ts';

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

/** Reads a symbol; one that the reader does not know is its default symbol, where it has one. */
export function writtenEnum(writer: EnumType, reader: EnumType, path: string): (bytes: ByteReader) => string {
  const texts = writer.symbols.map((symbol) => {
    const read = reader.symbols.includes(symbol) ? symbol : reader.defaultSymbol;
    return read === undefined ? undefined : symbolText(reader, read);
  });
  return (bytes) => {
    const text = texts[bytes.int()];
    if (text === undefined) throw unreadable(`${path} has no such symbol`);
    return text;
  };
}
