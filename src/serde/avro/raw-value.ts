import { symbolText } from './logical-types.ts';
import { type AvroType, schemaInvalid } from './schema.ts';

/**
 * A value exactly as Avro has it, for what keeps every digit and byte: numbers of 64 bits are bigints where a double would
 * not hold them, `decimal` is its unscaled bigint, bytes and fixed are bytes, an enum is its symbol as text. A record is the list of
 * its fields' values in the schema's order, a map the list of its pairs.
 */
export type RawValue = null | boolean | number | bigint | string | Uint8Array | readonly RawValue[];

/** 76 digits and their sign, the most that a decimal of ClickHouse has. */
const DECIMAL_BYTES_MAX = 32;

/** Of two's complement, big-endian; undefined for what no decimal is. */
export function unscaled(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0) return undefined;
  // Longer ones than needed are allowed, as `fixed` pads with the sign.
  const first = Math.max(0, bytes.length - DECIMAL_BYTES_MAX);
  const sign = bytes[0]! & 0x80 ? 0xff : 0;
  if (bytes.subarray(0, first).some((byte) => byte !== sign)) return undefined;
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + first, bytes.length - first).toString('hex');
  return BigInt.asIntN(8 * (bytes.length - first), BigInt(`0x${digits}`));
}

export function isDecimal(type: AvroType): boolean {
  return (type.kind === 'bytes' || type.kind === 'fixed') && type.logicalType === 'decimal';
}

/** A field's default, as reading it would have given it. Throws SCHEMA_INVALID for one that is no value of the type. */
export function rawDefault(type: AvroType, json: unknown, path: string): RawValue {
  const invalid = () => schemaInvalid(`the default of ${path} is no value of its type`);
  switch (type.kind) {
    case 'union':
      // The specification: a default is of the union's first branch. Writers take any, so that null is taken as well.
      return json === null && type.branches.some(({ kind }) => kind === 'null')
        ? null
        : rawDefault(type.branches.find(({ kind }) => kind !== 'null') ?? type.branches[0]!, json, path);
    case 'null':
      if (json !== null) throw invalid();
      return null;
    case 'boolean':
      if (typeof json !== 'boolean') throw invalid();
      return json;
    case 'int':
    case 'long':
      if (!Number.isSafeInteger(json)) throw invalid();
      return json as number;
    case 'float':
    case 'double':
      if (typeof json !== 'number') throw invalid();
      return json;
    case 'string':
      if (typeof json !== 'string') throw invalid();
      return json;
    case 'bytes':
    case 'fixed': {
      if (typeof json !== 'string') throw invalid();
      // Each character stands for the byte of its number.
      const bytes = Buffer.from(json, 'latin1');
      const value = isDecimal(type) ? unscaled(bytes) : new Uint8Array(bytes);
      if (value === undefined || (type.kind === 'fixed' && bytes.length !== type.size)) throw invalid();
      return value;
    }
    case 'enum':
      if (!type.symbols.includes(json as string)) throw invalid();
      return symbolText(type, json as string);
    case 'array':
      if (!Array.isArray(json)) throw invalid();
      return json.map((item) => rawDefault(type.items, item, `${path}[]`));
    case 'map':
      return Object.entries(objectOf(json, invalid)).map(([key, item]) => [
        key,
        rawDefault(type.values, item, `${path}[]`),
      ]);
    case 'record': {
      const object = objectOf(json, invalid);
      return type.fields.map(({ name, type: inner, defaultValue }) => {
        const value = Object.hasOwn(object, name) ? object[name] : defaultValue;
        return rawDefault(inner, value, `${path}.${name}`);
      });
    }
  }
}

function objectOf(json: unknown, invalid: () => Error): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid();
  return json as Readonly<Record<string, unknown>>;
}
