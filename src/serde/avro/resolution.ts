import { type AvroType, type EnumType, type RecordField, type RecordType, unqualified } from './schema.ts';

/** What the Avro specification lets a reader make of a writer's type ("Schema Resolution"). */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/** Logical types that say what the number means: read without, or as another, it would be another value. */
const MEANINGS = new Set([
  'minor-units',
  'decimal',
  'date',
  'time-millis',
  'time-micros',
  'timestamp-millis',
  'timestamp-micros',
  'timestamp-nanos',
]);

/**
 * Why a value of the writer's type can't be read as the reader's, or undefined where it can; of the two types alone, not
 * of what lies within. Neither is a union. Stricter than the specification in one thing: a number that the one calls minor
 * units and the other does not is refused.
 */
export function mismatch(writer: AvroType, reader: AvroType): string | undefined {
  const isPromoted = PROMOTIONS[writer.kind]?.includes(reader.kind) === true;
  if (writer.kind !== reader.kind && !isPromoted) return `${shown(writer)} can't be read as ${shown(reader)}`;
  if ('name' in writer && 'name' in reader && !isSameName(writer.name, reader)) {
    return `${writer.name} is another type than ${reader.name}, and no alias of it`;
  }
  if (writer.kind === 'fixed' && reader.kind === 'fixed' && writer.size !== reader.size) {
    return `${writer.size} bytes can't be read as ${reader.size}`;
  }
  const [written, read] = [meaningOf(writer), meaningOf(reader)];
  return written === read ? undefined : `${written ?? shown(writer)} can't be read as ${read ?? shown(reader)}`;
}

/** The branch of a reader's union that takes a type: the same one, else the first to which it can be promoted. */
export function branchFor(writer: AvroType, branches: readonly AvroType[]): AvroType | undefined {
  const fitting = branches.filter((each) => mismatch(writer, each) === undefined);
  return fitting.find((each) => each.kind === writer.kind) ?? fitting[0];
}

/** The writer's field that a reader's field is read from, by its name or one of the reader's aliases. */
export function writtenField(field: RecordField, writer: RecordType): RecordField | undefined {
  return writer.fields.find(({ name }) => name === field.name || field.aliases.includes(name));
}

/** Symbols that the writer may write and the reader has no word for. */
export function unknownSymbols(writer: EnumType, reader: EnumType): readonly string[] {
  return reader.defaultSymbol === undefined ? writer.symbols.filter((each) => !reader.symbols.includes(each)) : [];
}

function isSameName(name: string, reader: { readonly name: string; readonly aliases: readonly string[] }): boolean {
  return [reader.name, ...reader.aliases].some((each) => unqualified(each) === unqualified(name));
}

function meaningOf(type: AvroType): string | undefined {
  if (!('logicalType' in type) || type.logicalType === undefined || !MEANINGS.has(type.logicalType)) return undefined;
  return type.logicalType === 'decimal' && 'scale' in type ? `decimal of scale ${type.scale ?? 0}` : type.logicalType;
}

function shown(type: AvroType): string {
  return 'name' in type ? `${type.kind} ${type.name}` : type.kind;
}
