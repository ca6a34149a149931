import type { AvroType } from '../schema.ts';

/**
 * Whether what was written with one schema has the bytes, and the names, of another that holds no type which holds itself: then
 * it is read as the other.
 */
export function haveSameLayout(writer: AvroType, reader: AvroType): boolean {
  if (writer.kind === 'record' && reader.kind === 'record') {
    return sameEach(writer.fields, reader.fields, (a, b) => a.name === b.name && haveSameLayout(a.type, b.type));
  }
  if (writer.kind === 'enum' && reader.kind === 'enum') return sameEach(writer.symbols, reader.symbols, Object.is);
  if (writer.kind === 'array' && reader.kind === 'array') return haveSameLayout(writer.items, reader.items);
  if (writer.kind === 'map' && reader.kind === 'map') return haveSameLayout(writer.values, reader.values);
  if (writer.kind === 'union' && reader.kind === 'union') {
    return sameEach(writer.branches, reader.branches, haveSameLayout);
  }
  if (writer.kind === 'fixed' && reader.kind === 'fixed') return writer.size === reader.size;
  return writer.kind === reader.kind && scaleOf(writer) === scaleOf(reader);
}

/** A decimal's digits mean another number at another scale. */
function scaleOf(type: AvroType): number | undefined {
  return 'scale' in type ? type.scale : undefined;
}

function sameEach<T>(one: readonly T[], other: readonly T[], isSame: (a: T, b: T) => boolean): boolean {
  return one.length === other.length && one.every((item, at) => isSame(item, other[at]!));
}
