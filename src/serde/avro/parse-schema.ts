import {
  type AvroType,
  type EnumType,
  type FixedType,
  isPrimitiveName,
  type PrimitiveType,
  type RecordField,
  type RecordType,
  schemaInvalid,
} from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Types within types; a schema of a registry may have been made to exhaust the stack. */
const DEPTH_MAX = 64;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** Reads the text of an .avsc file. Throws SCHEMA_INVALID. */
export function parseSchemaText(text: string): AvroType {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw schemaInvalid(`it is not JSON (${(cause as Error).message})`);
  }
  return parseSchema(parsed);
}

/** Reads a schema in its JSON form. Throws SCHEMA_INVALID. */
export function parseSchema(schema: unknown): AvroType {
  return parse(schema, { names: new Map(), namespace: '', depth: 0 });
}

interface Scope {
  readonly names: Map<string, AvroType>;
  readonly namespace: string;
  readonly depth: number;
}

function parse(schema: unknown, scope: Scope): AvroType {
  if (scope.depth > DEPTH_MAX) throw schemaInvalid(`types are nested deeper than ${DEPTH_MAX} levels`);
  const inner = { ...scope, depth: scope.depth + 1 };
  if (typeof schema === 'string') return isPrimitiveName(schema) ? primitive(schema, {}) : named(schema, scope);
  if (Array.isArray(schema)) return union(schema, inner);
  if (typeof schema !== 'object' || schema === null) throw schemaInvalid(`${JSON.stringify(schema)} is no type`);
  const fields = schema as Fields;
  const { type } = fields;
  if (isPrimitiveName(type)) return primitive(type, fields);
  switch (type) {
    case 'record':
    case 'error':
      return record(fields, inner);
    case 'enum':
      return enumeration(fields, inner);
    case 'fixed':
      return fixed(fields, inner);
    case 'array':
      return { kind: 'array', items: parse(fields.items, inner) };
    case 'map':
      return { kind: 'map', values: parse(fields.values, inner) };
    default:
      return parse(type, inner);
  }
}

function primitive(kind: PrimitiveType['kind'], fields: Fields): PrimitiveType {
  return { kind, ...annotations(fields) };
}

function annotations(fields: Fields) {
  const number = (name: string) => {
    const value = fields[name];
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) throw schemaInvalid(`${name} must be a whole number`);
    return value as number;
  };
  return {
    logicalType: typeof fields.logicalType === 'string' ? fields.logicalType : undefined,
    maxLength: number('maxLength'),
    minimum: number('minimum'),
    scale: number('scale'),
    precision: number('precision'),
  };
}

function union(schemas: readonly unknown[], scope: Scope): AvroType {
  const branches = schemas.map((each) => parse(each, scope));
  const identities = branches.map((branch) => {
    if (branch.kind === 'union') throw schemaInvalid('a union may not hold a union');
    return 'name' in branch ? branch.name : branch.kind;
  });
  if (branches.length === 0 || new Set(identities).size !== identities.length) {
    throw schemaInvalid(`a union needs branches that differ, not ${identities.join(', ') || 'none'}`);
  }
  return { kind: 'union', branches };
}

/** The type is known under its name before its fields are read, since they may refer to it. */
function record(fields: Fields, scope: Scope): AvroType {
  const { name, aliases, within } = names(fields, scope);
  const type: Mutable<RecordType> = { kind: 'record', name, aliases, fields: [] };
  define(name, type, scope);
  if (!Array.isArray(fields.fields)) throw schemaInvalid(`${name} has no list of fields`);
  type.fields = fields.fields.map((each) => field(each, name, within));
  const used = type.fields.map((each) => each.name);
  const twice = used.find((each, index) => used.indexOf(each) !== index);
  if (twice !== undefined) throw schemaInvalid(`${name} has two fields ${twice}`);
  return type;
}

function field(schema: unknown, owner: string, scope: Scope): RecordField {
  if (typeof schema !== 'object' || schema === null) throw schemaInvalid(`a field of ${owner} is no object`);
  const { name, type, aliases, default: defaultValue } = schema as Fields;
  if (typeof name !== 'string' || !NAME.test(name)) throw schemaInvalid(`a field of ${owner} has no usable name`);
  return { name, aliases: texts(aliases ?? [], `aliases of ${name}`), type: parse(type, scope), defaultValue };
}

function enumeration(fields: Fields, scope: Scope): AvroType {
  const { name, aliases } = names(fields, scope);
  const symbols = texts(fields.symbols, `symbols of ${name}`);
  if (symbols.length === 0 || new Set(symbols).size !== symbols.length || !symbols.every((each) => NAME.test(each))) {
    throw schemaInvalid(`${name} needs symbols that are names and differ`);
  }
  const { default: defaultSymbol } = fields;
  if (defaultSymbol !== undefined && !symbols.includes(defaultSymbol as string)) {
    throw schemaInvalid(`the default of ${name} is none of its symbols`);
  }
  const { logicalType } = annotations(fields);
  const type: EnumType = {
    kind: 'enum',
    name,
    aliases,
    logicalType,
    symbols,
    defaultSymbol: defaultSymbol as string | undefined,
  };
  return define(name, type, scope);
}

function fixed(fields: Fields, scope: Scope): AvroType {
  const { name, aliases } = names(fields, scope);
  const { size } = fields;
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw schemaInvalid(`${name} has no usable size`);
  const type: FixedType = { kind: 'fixed', name, aliases, size: size as number, ...annotations(fields) };
  return define(name, type, scope);
}

function names(fields: Fields, scope: Scope) {
  const { name, namespace, aliases } = fields;
  if (typeof name !== 'string' || !FULL_NAME.test(name)) throw schemaInvalid(`${JSON.stringify(name)} is no name`);
  const outer = typeof namespace === 'string' ? namespace : scope.namespace;
  const full = qualified(name, outer);
  const own = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : '';
  return {
    name: full,
    aliases: texts(aliases ?? [], `aliases of ${full}`).map((each) => qualified(each, own)),
    within: { ...scope, namespace: own },
  };
}

function define(name: string, type: AvroType, scope: Scope): AvroType {
  if (scope.names.has(name)) throw schemaInvalid(`${name} is defined twice`);
  scope.names.set(name, type);
  return type;
}

function named(name: string, { names: known, namespace }: Scope): AvroType {
  const type = known.get(qualified(name, namespace)) ?? known.get(name);
  if (type === undefined) throw schemaInvalid(`the type ${name} is not known`);
  return type;
}

function qualified(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function texts(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) {
    throw schemaInvalid(`${what} must be a list of texts`);
  }
  return value;
}
