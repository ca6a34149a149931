import type { ByteReader } from './byte-reader.ts';
import { unreadable } from './byte-reader.ts';
import type { AvroType } from './schema.ts';

export type Skip = (bytes: ByteReader) => void;

/** A function that passes over a value that the reader has no field for; its form is still checked. */
export function compileSkip(type: AvroType, known: Map<AvroType, Skip> = new Map()): Skip {
  const existing = known.get(type);
  if (existing !== undefined) return (bytes) => known.get(type)!(bytes);
  known.set(type, () => {});
  const skip = compile(type, known);
  known.set(type, skip);
  return skip;
}

function compile(type: AvroType, known: Map<AvroType, Skip>): Skip {
  switch (type.kind) {
    case 'null':
      return () => {};
    case 'boolean':
      return (bytes) => void bytes.boolean();
    case 'int':
      return (bytes) => void bytes.int();
    case 'long':
      return (bytes) => void bytes.varint();
    case 'float':
      return (bytes) => void bytes.take(4);
    case 'double':
      return (bytes) => void bytes.take(8);
    case 'bytes':
      return (bytes) => void bytes.take(bytes.length());
    case 'string':
      return (bytes) => void bytes.text(Number.POSITIVE_INFINITY);
    case 'fixed':
      return (bytes) => void bytes.take(type.size);
    case 'enum':
      return (bytes) => {
        if (type.symbols[bytes.int()] === undefined) throw unreadable(`${type.name} has no such symbol`);
      };
    case 'record': {
      const fields = type.fields.map((field) => compileSkip(field.type, known));
      return (bytes) => {
        for (const skip of fields) skip(bytes);
      };
    }
    case 'array':
      return blocks(compileSkip(type.items, known));
    case 'map': {
      const value = compileSkip(type.values, known);
      return blocks((bytes) => {
        bytes.text(Number.POSITIVE_INFINITY);
        value(bytes);
      });
    }
    case 'union': {
      const branches = type.branches.map((branch) => compileSkip(branch, known));
      return (bytes) => {
        const skip = branches[bytes.int()];
        if (skip === undefined) throw unreadable('a union has no such branch');
        skip(bytes);
      };
    }
  }
}

function blocks(skip: Skip): Skip {
  return (bytes) => {
    for (let count = bytes.blockLength(); count > 0; count = bytes.blockLength()) {
      for (let i = 0; i < count; i++) skip(bytes);
    }
  };
}
