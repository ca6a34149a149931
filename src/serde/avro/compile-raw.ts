import { HeadraceError } from '../../errors.ts';
import { type ByteReader, unreadable } from './byte-reader.ts';
import { compileSkip } from './compile-skip.ts';

import { isDecimal, type RawValue, rawDefault, unscaled } from './raw-value.ts';
import { branchFor, mismatch, writtenField } from './resolution.ts';
import type { AvroType, RecordType } from './schema.ts';
import { writtenEnum, writtenUnion } from './written-types.ts';

export type ReadRaw = (bytes: ByteReader) => RawValue;

/**
 * A function that reads what was written with the writer's schema as {@link RawValue} of the reader's, by the
 * specification's rules ("Schema Resolution"). The reader's schema holds no type that holds itself. The function throws
 * DESERIALIZATION_FAILED for bytes that are not what the schema says. Throws SCHEMA_INCOMPATIBLE where no value can be read.
 */
export function compileRaw(writer: AvroType, reader: AvroType, path = ''): ReadRaw {
  if (writer.kind === 'union') return writtenUnion(writer.branches, path, (branch) => compileRaw(branch, reader, path));
  if (reader.kind === 'union') {
    const branch = branchFor(writer, reader.branches);
    if (branch === undefined) throw incompatible(path, `no branch of the reader takes ${writer.kind}`);
    return compileRaw(writer, branch, path);
  }
  const reason = mismatch(writer, reader);
  if (reason !== undefined) throw incompatible(path, reason);
  if (writer.kind === 'record' && reader.kind === 'record') return record(writer, reader, path);
  if (writer.kind === 'enum' && reader.kind === 'enum') return writtenEnum(writer, reader, path);
  if (writer.kind === 'array' && reader.kind === 'array') {
    return blocks(compileRaw(writer.items, reader.items, `${path}[]`));
  }
  if (writer.kind === 'map' && reader.kind === 'map') {
    const read = compileRaw(writer.values, reader.values, `${path}[]`);
    return pairs(
      blocks((bytes) => [bytes.text(Number.POSITIVE_INFINITY), read(bytes)]),
      path,
    );
  }
  return scalar(writer, reader, path);
}

function record(writer: RecordType, reader: RecordType, path: string): ReadRaw {
  const prefix = path === '' ? '' : `${path}.`;
  const sources = reader.fields.map((field) => writtenField(field, writer));
  const steps = writer.fields.map((written): readonly [at: number, read: ReadRaw] => {
    const at = sources.indexOf(written);
    const target = reader.fields[at];
    if (target === undefined) {
      const skip = compileSkip(written.type);
      const pass: ReadRaw = (bytes) => {
        skip(bytes);
        return null;
      };
      return [at, pass];
    }
    return [at, compileRaw(written.type, target.type, `${prefix}${target.name}`)];
  });
  const defaults = reader.fields.map((field, at) => {
    if (sources[at] !== undefined) return null;
    if (field.defaultValue === undefined) {
      throw incompatible(`${prefix}${field.name}`, 'the writer has no such field, and it has no default');
    }
    return rawDefault(field.type, field.defaultValue, `${prefix}${field.name}`);
  });
  return (bytes) => {
    const values = [...defaults];
    for (const [at, read] of steps) {
      const value = read(bytes);
      if (at >= 0) values[at] = value;
    }
    return values;
  };
}

function blocks(read: ReadRaw): (bytes: ByteReader) => readonly RawValue[] {
  return (bytes) => {
    const items: RawValue[] = [];
    for (let count = bytes.blockLength(); count > 0; count = bytes.blockLength()) {
      for (let i = 0; i < count; i++) items.push(read(bytes));
    }
    return items;
  };
}

/** A key that stands twice would be one of two values, as the reader chooses. */
function pairs(read: (bytes: ByteReader) => readonly RawValue[], path: string): ReadRaw {
  return (bytes) => {
    const entries = read(bytes) as readonly (readonly RawValue[])[];
    if (new Set(entries.map(([key]) => key)).size !== entries.length) throw unreadable(`${path} has a key twice`);
    return entries;
  };
}

/** What stands in the bytes, promoted to the reader's type. */
function scalar(writer: AvroType, reader: AvroType, path: string): ReadRaw {
  if (isDecimal(reader)) return decimal(writer, path);
  switch (reader.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (bytes) => bytes.boolean();
    case 'int':
      return (bytes) => bytes.int();
    case 'long':
      return (bytes) => bytes.varint();
    case 'float':
    case 'double':
      if (writer.kind === 'float') return (bytes) => bytes.float(32);
      if (writer.kind === 'double') return (bytes) => bytes.float(64);
      return (bytes) => Number(bytes.varint());
    case 'string': {
      const maxLength = reader.maxLength ?? Number.POSITIVE_INFINITY;
      return (bytes) => bytes.text(maxLength);
    }
    case 'fixed': {
      const { size } = reader;
      return (bytes) => bytes.take(size);
    }
    default:
      return (bytes) => bytes.take(bytes.length());
  }
}

function decimal(writer: AvroType, path: string): ReadRaw {
  return (bytes) => {
    const value = unscaled(bytes.take(writer.kind === 'fixed' ? writer.size : bytes.length()));
    if (value === undefined) throw unreadable(`${path} is no decimal of at most 76 digits`);
    return value;
  };
}

function incompatible(path: string, reason: string): HeadraceError {
  return new HeadraceError(
    'SCHEMA_INCOMPATIBLE',
    `The writer's Avro schema can't be read: ${path === '' ? '' : `${path}: `}${reason}`,
  );
}
