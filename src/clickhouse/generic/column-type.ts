import { HeadraceError } from '../../errors.ts';
import type { RawValue } from '../../serde/avro/raw-value.ts';
import type { AvroType, FixedType, PrimitiveType, RecordType } from '../../serde/avro/schema.ts';
import type { CellValue } from '../clickhouse.ts';

/** What a field of an Avro schema becomes in ClickHouse. */
export interface ColumnType {
  readonly type: string;
  /** Empty for the table's own. */
  readonly codec: string;
  /** What is worth knowing beside the type. */
  readonly note?: string;
  /** Other types that hold the same values. */
  readonly others: readonly string[];
  readonly toCell: (raw: RawValue) => CellValue;
}

const DAY_MS = 86_400_000;
const DECIMAL_DIGITS_MAX = 76;
const UUID_BYTES = 16;
const TIME_CODEC = 'Delta, ZSTD(1)';
const ZSTD = 'ZSTD(1)';

const TEXTS = ['String', 'LowCardinality(String)'];
const NUMBERS = ['Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64'];
const ENUMS = [...TEXTS, 'Enum8', 'Enum16'];

const asItIs = (raw: RawValue): CellValue => raw;

/**
 * The column of a type that is no record standing directly in the row. Throws SINK_TABLE_INVALID, naming the field's path,
 * for what no column holds: unions of several types, and types that hold themselves.
 */
export function columnType(type: AvroType, path: string): ColumnType {
  const { inner, isOptional } = withoutNull(type, path);
  return isOptional ? optional(inner, path) : required(inner, path, []);
}

/** A type without its null. Throws SINK_TABLE_INVALID for unions of several types. */
export function withoutNull(type: AvroType, path: string): { readonly inner: AvroType; readonly isOptional: boolean } {
  if (type.kind !== 'union') return { inner: type, isOptional: false };
  const others = type.branches.filter(({ kind }) => kind !== 'null');
  const [inner] = others;
  if (inner === undefined || others.length > 1) {
    throw unsupported(
      path,
      `is a union of ${type.branches.map(shown).join(', ')}: of unions only null with one type has a column`,
    );
  }
  return { inner, isOptional: others.length < type.branches.length };
}

/** ClickHouse has no null list and no null map. */
function optional(type: AvroType, path: string): ColumnType {
  const column = required(type, path, []);
  if (type.kind === 'array' || type.kind === 'map') {
    return { ...column, note: 'null becomes empty', toCell: (raw) => (raw === null ? [] : column.toCell(raw)) };
  }
  return { ...column, type: nullableType(column.type), toCell: (raw) => (raw === null ? null : column.toCell(raw)) };
}

/** LowCardinality stands outside of Nullable. */
export function nullableType(type: string): string {
  const inner = /^LowCardinality\((.*)\)$/.exec(type)?.[1];
  return inner === undefined ? `Nullable(${type})` : `LowCardinality(Nullable(${inner}))`;
}

function required(type: AvroType, path: string, around: readonly AvroType[]): ColumnType {
  switch (type.kind) {
    case 'union':
    case 'null':
      throw unsupported(path, `is ${shown(type)}, which has no column`);
    case 'record':
      return tuple(type, path, around);
    case 'enum':
      return { type: 'LowCardinality(String)', codec: '', others: ENUMS, toCell: asItIs };
    case 'fixed':
      return fixed(type, path);
    case 'array': {
      const items = within(type.items, `${path}[]`, around);
      const toCell = (raw: RawValue) => (raw as readonly RawValue[]).map(items.toCell);
      return { type: `Array(${items.type})`, codec: ZSTD, others: [], toCell };
    }
    case 'map': {
      const values = within(type.values, `${path}[]`, around);
      const toCell = (raw: RawValue) =>
        (raw as readonly (readonly [string, RawValue])[]).map(([key, value]) => [key, values.toCell(value)]);
      return { type: `Map(String, ${values.type})`, codec: ZSTD, others: [], toCell };
    }
    default:
      return primitive(type, path);
  }
}

/** Within lists, maps and tuples: enums are texts there, as the dictionary of LowCardinality stands for a column alone. */
function within(type: AvroType, path: string, around: readonly AvroType[]): ColumnType {
  const { inner, isOptional } = withoutNull(type, path);
  if (inner.kind === 'enum') return nullableWithin({ ...required(inner, path, around), type: 'String' }, isOptional);
  if (isOptional && inner.kind === 'record') {
    throw unsupported(path, 'is a record that may be null within a list or map: a tuple of ClickHouse can not be null');
  }
  const column = required(inner, path, around);
  if (isOptional && (inner.kind === 'array' || inner.kind === 'map')) {
    return { ...column, toCell: (raw) => (raw === null ? [] : column.toCell(raw)) };
  }
  return nullableWithin(column, isOptional);
}

function nullableWithin(column: ColumnType, isOptional: boolean): ColumnType {
  if (!isOptional) return column;
  return { ...column, type: `Nullable(${column.type})`, toCell: (raw) => (raw === null ? null : column.toCell(raw)) };
}

function tuple(type: RecordType, path: string, around: readonly AvroType[]): ColumnType {
  if (around.includes(type)) throw recursive(path, type);
  if (type.fields.length === 0) throw unsupported(path, 'is a record without fields');
  const fields = type.fields.map(
    (field) => [field.name, within(field.type, `${path}.${field.name}`, [...around, type])] as const,
  );
  const writers = fields.map(([, { toCell }]) => toCell);
  return {
    type: `Tuple(${fields.map(([name, field]) => `\`${name}\` ${field.type}`).join(', ')})`,
    codec: ZSTD,
    others: [],
    toCell: (raw) => writers.map((toCell, at) => toCell((raw as readonly RawValue[])[at]!)),
  };
}

/** A type that holds itself would need columns without end. */
export function recursive(path: string, type: RecordType): HeadraceError {
  return unsupported(path, `holds the record ${type.name} within itself, which no column can`);
}

function fixed(type: FixedType, path: string): ColumnType {
  if (type.logicalType === 'decimal') return decimal(type, path);
  if (type.size === 0) throw unsupported(path, 'has no bytes');
  if (type.logicalType === 'uuid' && type.size === UUID_BYTES) {
    return { type: 'UUID', codec: ZSTD, others: [], toCell: asItIs };
  }
  const note = type.logicalType === 'duration' ? { note: 'months, days and milliseconds, little-endian' } : {};
  return { type: `FixedString(${type.size})`, codec: ZSTD, ...note, others: [], toCell: asItIs };
}

function decimal({ precision, scale = 0 }: PrimitiveType | FixedType, path: string): ColumnType {
  if (precision === undefined) throw unsupported(path, 'is a decimal without precision');
  if (precision < 1 || precision > DECIMAL_DIGITS_MAX || scale < 0 || scale > precision) {
    throw unsupported(
      path,
      `is a decimal of ${precision} digits, ${scale} behind the point: ClickHouse has ${DECIMAL_DIGITS_MAX} at most`,
    );
  }
  return { type: `Decimal(${precision}, ${scale})`, codec: ZSTD, others: [], toCell: asItIs };
}

function primitive(type: PrimitiveType, path: string): ColumnType {
  const { kind, logicalType } = type;
  const column = (name: string, rest: Partial<ColumnType> = {}): ColumnType => {
    return { type: name, codec: ZSTD, others: [], toCell: asItIs, ...rest };
  };
  switch (`${kind} ${logicalType ?? ''}`) {
    case 'int date':
      return column('Date32', { codec: TIME_CODEC, toCell: (raw) => (raw as number) * DAY_MS });
    case 'int time-millis':
      return column('Int32', { note: 'milliseconds since midnight' });
    case 'long time-micros':
      return column('Int64', { note: 'microseconds since midnight' });
    case 'long timestamp-millis':
      return column("DateTime64(3, 'UTC')", { codec: TIME_CODEC });
    case 'long timestamp-micros':
      return column("DateTime64(6, 'UTC')", { codec: TIME_CODEC });
    case 'long timestamp-nanos':
      return column("DateTime64(9, 'UTC')", { codec: TIME_CODEC });
    case 'long local-timestamp-millis':
      return column("DateTime64(3, 'UTC')", { codec: TIME_CODEC, note: 'a local time, shown as it was written' });
    case 'long local-timestamp-micros':
      return column("DateTime64(6, 'UTC')", { codec: TIME_CODEC, note: 'a local time, shown as it was written' });
    case 'long minor-units':
      return column('Int64', { note: 'minor units of the currency beside it' });
    case 'string uuid':
      return column('UUID');
    case 'string iso-4217':
    case 'string iso-4217-or-empty':
      return column('LowCardinality(String)', { codec: '', others: TEXTS });
    case 'bytes decimal':
      return decimal(type, path);
  }
  switch (kind) {
    case 'boolean':
      return column('Bool');
    case 'int':
      return column('Int32', { others: NUMBERS });
    case 'long':
      return column('Int64', { others: NUMBERS });
    case 'float':
      return column('Float32');
    case 'double':
      return column('Float64');
    case 'bytes':
      return column('String');
    default:
      return column('String', { others: TEXTS });
  }
}

function shown(type: AvroType): string {
  return 'name' in type ? `${type.kind} ${type.name}` : type.kind;
}

/** SINK_TABLE_INVALID for a field that no column holds. */
export function unsupported(path: string, reason: string): HeadraceError {
  return new HeadraceError('SINK_TABLE_INVALID', `The field ${path} ${reason}`);
}
