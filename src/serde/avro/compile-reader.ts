import { HeadraceError } from '../../errors.ts';
import { amountIn, decimalsOf, fromTwosComplement, NO_CURRENCY, toText } from './amounts.ts';
import { type ByteReader, unreadable } from './byte-reader.ts';
import { compileSkip } from './compile-skip.ts';
import { defaultOf } from './default-value.ts';
import { conversionOf, textLengthMax } from './logical-types.ts';
import { branchFor, mismatch, writtenField } from './resolution.ts';
import { type AvroType, type PrimitiveType, type RecordType, schemaInvalid } from './schema.ts';
import { compileSettle, settleByOwnCurrency } from './settle-amounts.ts';
import { writtenEnum, writtenUnion } from './written-types.ts';

export type Read = (bytes: ByteReader) => unknown;

/**
 * A function that reads what was written with the writer's schema into the JSON shape of the reader's, by the
 * specification's rules ("Schema Resolution"). It throws DESERIALIZATION_FAILED for bytes that are not what the schema
 * says, or that no such value can have (design D12). Throws SCHEMA_INCOMPATIBLE where no value can be read.
 */
export function compileReader(writer: AvroType, reader: AvroType): Read {
  if (compileSettle(reader, '') !== undefined) throw schemaInvalid('an amount stands where no currency is');
  return compile(writer, reader, '', new Map());
}

type Known = Map<AvroType, Map<AvroType, Read>>;

function compile(writer: AvroType, reader: AvroType, path: string, known: Known): Read {
  if (writer.kind === 'union')
    return writtenUnion(writer.branches, path, (branch) => compile(branch, reader, path, known));
  if (reader.kind === 'union') {
    const branch = branchFor(writer, reader.branches);
    if (branch === undefined) throw incompatible(path, `no branch of the reader takes ${writer.kind}`);
    return compile(writer, branch, path, known);
  }
  const reason = mismatch(writer, reader);
  if (reason !== undefined) throw incompatible(path, reason);
  if (writer.kind === 'record' && reader.kind === 'record') return knownRecord(writer, reader, path, known);
  if (writer.kind === 'enum' && reader.kind === 'enum') return writtenEnum(writer, reader, path);
  if (writer.kind === 'array' && reader.kind === 'array') {
    return array(compile(writer.items, reader.items, `${path}[]`, known));
  }
  if (writer.kind === 'map' && reader.kind === 'map') {
    return map(compile(writer.values, reader.values, `${path}[]`, known), reader.values, path);
  }
  return primitive(writer as PrimitiveType, reader as PrimitiveType, path);
}

function knownRecord(writer: RecordType, reader: RecordType, path: string, known: Known): Read {
  const byReader = known.get(writer) ?? new Map<AvroType, Read>();
  known.set(writer, byReader);
  if (byReader.has(reader)) return (bytes) => byReader.get(reader)!(bytes);
  // A type that holds itself finds this entry in place of the function that is being made.
  byReader.set(reader, () => undefined);
  const read = record(writer, reader, path, known);
  byReader.set(reader, read);
  return read;
}

function record(writer: RecordType, reader: RecordType, path: string, known: Known): Read {
  const prefix = path === '' ? '' : `${path}.`;
  const sources = new Map(reader.fields.map((field) => [field, writtenField(field, writer)]));
  const steps = writer.fields.map((written): readonly [name: string | undefined, read: Read] => {
    const target = reader.fields.find((field) => sources.get(field) === written);
    if (target === undefined) return [undefined, compileSkip(written.type)];
    return [target.name, compile(written.type, target.type, `${prefix}${target.name}`, known)];
  });
  const defaults = reader.fields
    .filter((field) => sources.get(field) === undefined)
    .map((field) => {
      if (field.defaultValue === undefined) {
        throw incompatible(`${prefix}${field.name}`, 'the writer has no such field, and it has no default');
      }
      return [field.name, defaultOf(field.type, field.defaultValue, `${prefix}${field.name}`)] as const;
    })
    .filter(([, make]) => make() !== undefined);
  const settle = settleByOwnCurrency(reader, path);
  return (bytes) => {
    const object: Record<string, unknown> = {};
    for (const [name, read] of steps) {
      const value = read(bytes);
      if (value !== undefined && name !== undefined) object[name] = value;
    }
    for (const [name, make] of defaults) object[name] = make();
    settle?.(object);
    return object;
  };
}

function array(read: Read): Read {
  return (bytes) => {
    const items: unknown[] = [];
    for (let count = bytes.blockLength(); count > 0; count = bytes.blockLength()) {
      for (let i = 0; i < count; i++) items.push(read(bytes));
    }
    return items;
  };
}

/** Amounts directly in a map are in the currency that their key names. */
function map(read: Read, values: AvroType, path: string): Read {
  const amount = amountIn(values);
  return (bytes) => {
    const entries = new Map<string, unknown>();
    for (let count = bytes.blockLength(); count > 0; count = bytes.blockLength()) {
      for (let i = 0; i < count; i++) {
        const key = bytes.text(MAP_KEY_LENGTH_MAX);
        if (entries.has(key)) throw unreadable(`${path} has a key twice`);
        const value = read(bytes);
        entries.set(key, amount === undefined ? value : toText(value as bigint, keyDecimals(key), amount, path));
      }
    }
    // Unlike an assignment, this makes of __proto__ a key like any other.
    return Object.fromEntries(entries);
  };
}

const MAP_KEY_LENGTH_MAX = 1_024;

function keyDecimals(key: string): number {
  return key === '' ? NO_CURRENCY : decimalsOf(key);
}

function primitive(writer: PrimitiveType, reader: PrimitiveType, path: string): Read {
  const raw = rawReader(writer.kind, reader);
  // Units until the record's currency is known.
  if (amountIn(reader) !== undefined) return raw;
  const conversion = conversionOf(reader);
  if (conversion === undefined) throw schemaInvalid(`${path} is of type ${reader.kind}, which has no JSON form`);
  const { toJson } = conversion;
  if (reader.kind === 'null') {
    return () => undefined;
  }
  return (bytes) => toJson(raw(bytes), path);
}

/** What stands in the bytes, promoted to the reader's type. */
function rawReader(kind: PrimitiveType['kind'], reader: PrimitiveType): Read {
  const isAmount = amountIn(reader) !== undefined;
  switch (kind) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return (bytes) => bytes.boolean();
    case 'int':
      return (bytes) => bytes.int();
    case 'long':
      return isAmount ? (bytes) => bytes.varint() : (bytes) => bytes.long();
    case 'float':
      return (bytes) => bytes.float(32);
    case 'double':
      return (bytes) => bytes.float(64);
    default: {
      if (isAmount) return (bytes) => fromTwosComplement(bytes.take(bytes.length()));
      const maxLength = textLengthMax(reader);
      return (bytes) => bytes.text(maxLength);
    }
  }
}

function incompatible(path: string, reason: string): HeadraceError {
  return new HeadraceError(
    'SCHEMA_INCOMPATIBLE',
    `The writer's Avro schema can't be read: ${path === '' ? '' : `${path}: `}${reason}`,
  );
}
