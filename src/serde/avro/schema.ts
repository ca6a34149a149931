import { HeadraceError } from '../../errors.ts';

/**
 * A schema of Avro 1.12 as a tree: named types are resolved to the one object that stands for them, so that a recursive
 * type points at itself. `logicalType` and the two bounds are what Headrace reads beyond the specification
 * (schemas/README.md).
 */
export type AvroType = PrimitiveType | RecordType | EnumType | FixedType | ArrayType | MapType | UnionType;

export const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
export type PrimitiveName = (typeof PRIMITIVES)[number];

interface Annotated {
  readonly logicalType: string | undefined;
  /** Longest text, in characters (UTF-16 units). */
  readonly maxLength: number | undefined;
  /** Least number; of minor units where the number is an amount. */
  readonly minimum: number | undefined;
  /** Of the logical type `decimal`. */
  readonly scale: number | undefined;
  readonly precision: number | undefined;
}

export interface PrimitiveType extends Annotated {
  readonly kind: PrimitiveName;
}

export interface RecordType {
  readonly kind: 'record';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly fields: readonly RecordField[];
}

export interface RecordField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /** As JSON, in the way that the specification writes defaults; undefined where there is none. */
  readonly defaultValue: unknown;
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly logicalType: string | undefined;
  readonly symbols: readonly string[];
  readonly defaultSymbol: string | undefined;
}

export interface FixedType extends Annotated {
  readonly kind: 'fixed';
  readonly name: string;
  readonly aliases: readonly string[];
  readonly size: number;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly items: AvroType;
}

export interface MapType {
  readonly kind: 'map';
  readonly values: AvroType;
}

export interface UnionType {
  readonly kind: 'union';
  readonly branches: readonly AvroType[];
}

export function isPrimitiveName(name: unknown): name is PrimitiveName {
  return PRIMITIVES.includes(name as PrimitiveName);
}

/** The name without its namespace, by which a reader's and a writer's type are held to be the same. */
export function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** What an optional field holds when it is there, for the union of null and one other type; else undefined. */
export function optionalOf(type: AvroType): AvroType | undefined {
  if (type.kind !== 'union' || type.branches.length !== 2) return undefined;
  const others = type.branches.filter(({ kind }) => kind !== 'null');
  return others.length === 1 ? others[0] : undefined;
}

export function schemaInvalid(message: string): HeadraceError {
  return new HeadraceError('SCHEMA_INVALID', `The Avro schema is invalid: ${message}`);
}
