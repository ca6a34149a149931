import { mismatch, writtenField } from '../resolution.ts';
import type { AvroType } from '../schema.ts';

/**
 * Whether what was written with one schema has the bytes, the names and the meaning of another that holds no type which holds
 * itself: then it is read as the other. What the general reader refuses to read as the other (mismatch) never is: the bytes of
 * seconds and those of minor units are the same.
 */
export function haveSameLayout(writer: AvroType, reader: AvroType): boolean {
  if (writer.kind === 'union' && reader.kind === 'union') {
    return sameEach(writer.branches, reader.branches, haveSameLayout);
  }
  if (writer.kind !== reader.kind || mismatch(writer, reader) !== undefined) return false;
  if (writer.kind === 'record' && reader.kind === 'record') {
    const read = reader.fields.map((field) => writtenField(field, writer));
    return (
      sameEach(writer.fields, reader.fields, (a, b) => haveSameLayout(a.type, b.type)) &&
      // An alias may be another field's name; each is read from the one in its place, and from no other.
      sameEach(writer.fields, read, Object.is)
    );
  }
  if (writer.kind === 'enum' && reader.kind === 'enum') return sameEach(writer.symbols, reader.symbols, Object.is);
  if (writer.kind === 'array' && reader.kind === 'array') return haveSameLayout(writer.items, reader.items);
  if (writer.kind === 'map' && reader.kind === 'map') return haveSameLayout(writer.values, reader.values);
  return true;
}

function sameEach<A, B>(one: readonly A[], other: readonly B[], isSame: (a: A, b: B) => boolean): boolean {
  return one.length === other.length && one.every((item, at) => isSame(item, other[at]!));
}
