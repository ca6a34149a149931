import { amountIn, CURRENCY_FIELD, decimalsOf, toTwosComplement, toUnits } from './amounts.ts';
import { type ByteWriter, unwritable } from './byte-writer.ts';
import { conversionOf, symbolText } from './logical-types.ts';
import {
  type AvroType,
  type EnumType,
  type MapType,
  optionalOf,
  type PrimitiveType,
  type RecordType,
  schemaInvalid,
} from './schema.ts';

/** @param decimals of the currency of the amounts within; NO_CURRENCY where none is known. */
export type Write = (value: unknown, out: ByteWriter, decimals: number) => void;

/**
 * A function that writes JSON-shaped values of a schema. It throws SERIALIZATION_FAILED for a value that would not come
 * back as it is: a field that the schema does not have, an amount with other decimals than its currency's.
 */
export function compileWriter(type: AvroType): Write {
  return compile(type, '', new Map());
}

type Known = Map<AvroType, Write>;

function compile(type: AvroType, path: string, known: Known): Write {
  const existing = known.get(type);
  if (existing !== undefined) return (value, out, decimals) => known.get(type)!(value, out, decimals);
  switch (type.kind) {
    case 'record': {
      // A type that holds itself finds this entry in place of the function that is being made.
      known.set(type, () => {});
      const write = record(type, path, known);
      known.set(type, write);
      return write;
    }
    case 'enum':
      return enumeration(type, path);
    case 'array':
      return array(compile(type.items, `${path}[]`, known), path);
    case 'map':
      return map(type, compile(type.values, `${path}[]`, known), path);
    case 'union':
      return optional(type, path, known);
    case 'fixed':
      throw schemaInvalid(`${path} is fixed bytes, which have no JSON form`);
    default:
      return amountIn(type) === undefined ? primitive(type, path) : amount(type, path);
  }
}

function record(type: RecordType, path: string, known: Known): Write {
  const prefix = path === '' ? '' : `${path}.`;
  const fields = type.fields.map(
    (field) => [field.name, compile(field.type, `${prefix}${field.name}`, known)] as const,
  );
  const names = new Set(type.fields.map(({ name }) => name));
  const hasCurrency = names.has(CURRENCY_FIELD);
  const what = path === '' ? 'it' : path;
  return (value, out, outer) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unwritable(`${what} is no object`);
    const object = value as Readonly<Record<string, unknown>>;
    let present = 0;
    const decimals = hasCurrency ? decimalsOf(object[CURRENCY_FIELD]) : outer;
    for (const [name, write] of fields) {
      const field = object[name];
      if (field !== undefined) present++;
      write(field, out, decimals);
    }
    refuseOthers(object, names, present, what);
  };
}

/** What the schema does not have would be lost. Only an object with more fields than were written is looked through. */
function refuseOthers(
  object: Readonly<Record<string, unknown>>,
  names: ReadonlySet<string>,
  present: number,
  what: string,
): void {
  if (Object.keys(object).length === present) return;
  const other = Object.keys(object).find((name) => object[name] !== undefined && !names.has(name));
  if (other === undefined) return;
  throw unwritable(`${what} has the field ${JSON.stringify(other)}, which the schema does not`);
}

function enumeration(type: EnumType, path: string): Write {
  const indexes = new Map(type.symbols.map((symbol, index) => [symbolText(type, symbol), index]));
  return (value, out) => {
    const index = indexes.get(value as string);
    if (index === undefined) throw unwritable(`${path} is none of ${[...indexes.keys()].join(', ')}`);
    out.varint(index);
  };
}

function array(items: Write, path: string): Write {
  return (value, out, decimals) => {
    if (!Array.isArray(value)) throw unwritable(`${path} is no list`);
    if (value.length > 0) {
      out.varint(value.length);
      for (const item of value) items(item, out, decimals);
    }
    out.varint(0);
  };
}

function map({ values }: MapType, write: Write, path: string): Write {
  const isKeyed = amountIn(values) !== undefined;
  return (value, out, decimals) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unwritable(`${path} is no object`);
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length > 0) {
      out.varint(entries.length);
      for (const [key, item] of entries) {
        out.text(key);
        write(item, out, isKeyed ? decimalsOf(key || undefined) : decimals);
      }
    }
    out.varint(0);
  };
}

/** JSON leaves an optional field out; null says the same. */
function optional(type: AvroType & { readonly kind: 'union' }, path: string, known: Known): Write {
  const inner = optionalOf(type);
  if (inner === undefined) throw schemaInvalid(`${path} is a union of other than null and one type`);
  const write = compile(inner, path, known);
  const nullIndex = type.branches[0] === inner ? 1 : 0;
  return (value, out, decimals) => {
    if (value === undefined || value === null) return out.varint(nullIndex);
    out.varint(1 - nullIndex);
    write(value, out, decimals);
  };
}

function amount(type: PrimitiveType, path: string): Write {
  if (type.kind === 'long') return (value, out, decimals) => out.varint(toUnits(value, decimals, type, path));
  return (value, out, decimals) => {
    const bytes = toTwosComplement(toUnits(value, decimals, type, path));
    out.varint(bytes.length);
    out.raw(bytes);
  };
}

function primitive(type: PrimitiveType, path: string): Write {
  const conversion = conversionOf(type);
  if (conversion === undefined) throw schemaInvalid(`${path} is of type ${type.kind}, which has no JSON form`);
  const { toRaw } = conversion;
  switch (type.kind) {
    case 'null':
      return (value) => {
        toRaw(value, path);
      };
    case 'boolean':
      return (value, out) => out.byte(toRaw(value, path) === true ? 1 : 0);
    case 'float':
      return (value, out) => out.float(toRaw(value, path) as number, 32);
    case 'double':
      return (value, out) => out.float(toRaw(value, path) as number, 64);
    case 'string':
      return (value, out) => out.text(toRaw(value, path) as string);
    default:
      return (value, out) => out.varint(toRaw(value, path) as number);
  }
}
