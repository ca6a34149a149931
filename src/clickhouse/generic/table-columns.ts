import { HeadraceError } from '../../errors.ts';
import { symbolText } from '../../serde/avro/logical-types.ts';
import { type RawValue, rawDefault } from '../../serde/avro/raw-value.ts';
import type { AvroType, EnumType, RecordField, RecordType } from '../../serde/avro/schema.ts';
import type { CellValue, Column } from '../clickhouse.ts';
import type { SinkRecord } from '../sink-table.ts';
import { columnType, nullableType, recursive, unsupported, withoutNull } from './column-type.ts';
import type { GenericColumnOverride, GenericSinkDefinition } from './generic-sink-definition.ts';

/** A column of a generic table and how a record fills it. */
export interface TableColumn extends Column {
  /** The field's path in the schema; undefined for what is always added. */
  readonly field: string | undefined;
  readonly codec: string;
  readonly comment: string;
  readonly note?: string | undefined;
  /** What rows have that were written before the field was; undefined where the field has no default. */
  readonly defaultCell: { readonly cell: CellValue } | undefined;
  readonly read: (record: SinkRecord) => CellValue;
}

type Overrides = Readonly<Record<string, GenericColumnOverride>>;

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const CODEC = /^[A-Za-z0-9]+(\([0-9, ]*\))?(, *[A-Za-z0-9]+(\([0-9, ]*\))?)*$/;

/** What every row says of where it came from. */
const ADDED: readonly TableColumn[] = [
  added('_topic', 'LowCardinality(String)', '', 'Topic of the record', ({ topic }) => topic),
  added('_partition', 'UInt32', 'ZSTD(1)', 'Partition of the record', ({ partition }) => partition),
  added('_offset', 'UInt64', 'Delta, ZSTD(1)', 'Offset of the record', ({ offset }) => offset),
  added(
    '_timestamp',
    "DateTime64(3, 'UTC')",
    'Delta, ZSTD(1)',
    'Timestamp of the record',
    ({ timestamp }) => timestamp,
  ),
];

function added(
  name: string,
  type: string,
  codec: string,
  comment: string,
  read: (record: SinkRecord) => CellValue,
): TableColumn {
  return { name, type, codec, comment, read, field: undefined, defaultCell: undefined };
}

/**
 * The columns of a record's fields, and behind them those that are always added. A record that stands directly in the row is
 * flattened: its fields are columns `a_b`, so that each is read, ordered by and added alone, and one that may be null has
 * fields that may be. Within lists and maps a record is a tuple. Throws SINK_TABLE_INVALID.
 */
export function tableColumns(schema: AvroType, definition: GenericSinkDefinition): readonly TableColumn[] {
  if (schema.kind !== 'record') {
    throw new HeadraceError(
      'SINK_TABLE_INVALID',
      `A table takes a record, and the schema is ${schema.kind}: wrap it into a record with one field`,
    );
  }
  const overrides = definition.columns ?? {};
  const columns = flattened(schema, overrides, {
    path: [],
    indexes: [],
    isOptional: false,
    default: undefined,
    around: [],
  });
  const paths = columns.map(({ field }) => field);
  const unknown = Object.keys(overrides).find((path) => !paths.includes(path));
  if (unknown !== undefined) {
    throw new HeadraceError(
      'SINK_TABLE_INVALID',
      `columns names ${unknown}, which is no field of the schema; its fields are ${paths.join(', ')}`,
    );
  }
  for (const [at, { name, field }] of columns.entries()) {
    const other = columns.findIndex((each) => each.name.toLowerCase() === name.toLowerCase());
    if (other < at) {
      throw unsupported(
        field!,
        `would be the column ${name}, as ${columns[other]!.field} is: give one of them another name under columns`,
      );
    }
  }
  if (columns.length === 0) throw new HeadraceError('SINK_TABLE_INVALID', 'The schema has no fields');
  return [...columns, ...ADDED];
}

interface Place {
  readonly path: readonly string[];
  readonly indexes: readonly number[];
  /** Whether a record around it may be null. */
  readonly isOptional: boolean;
  /** The default of the record around it. */
  readonly default: RawValue | undefined;
  readonly around: readonly RecordType[];
}

function flattened(type: RecordType, overrides: Overrides, place: Place): readonly TableColumn[] {
  const shownPath = place.path.join('.');
  if (place.around.includes(type)) throw recursive(shownPath, type);
  return type.fields.flatMap((field, index) => {
    const path = [...place.path, field.name];
    const { inner, isOptional } = withoutNull(field.type, path.join('.'));
    const inside = {
      path,
      indexes: [...place.indexes, index],
      isOptional: place.isOptional || isOptional,
      default: defaultOf(field, index, path.join('.'), place.default),
      around: [...place.around, type],
    };
    return inner.kind === 'record' ? flattened(inner, overrides, inside) : [column(field, overrides, inside)];
  });
}

/** Its own; else what the record around it has for it. */
function defaultOf(
  field: RecordField,
  index: number,
  path: string,
  around: RawValue | undefined,
): RawValue | undefined {
  if (field.defaultValue !== undefined) return rawDefault(field.type, field.defaultValue, path);
  if (around === undefined || around === null) return around;
  return (around as readonly RawValue[])[index];
}

function column(field: RecordField, overrides: Overrides, place: Place): TableColumn {
  const path = place.path.join('.');
  const override = overrides[path] ?? {};
  const name = override.name ?? place.path.join('_');
  if (!NAME.test(name)) {
    throw unsupported(
      path,
      `would be the column ${JSON.stringify(name)}: a column's name begins with a letter and has letters, digits and underscores; give it one under columns`,
    );
  }
  const own = columnType(field.type, path);
  const isOptional = place.isOptional && !/^(Nullable|LowCardinality\(Nullable|Array|Map)/.test(own.type);
  const type = overridden(own.type, own.others, field.type, override.type, path);
  const toCell = (raw: RawValue): CellValue => {
    if (raw !== null) return own.toCell(raw);
    return /^(Array|Map)/.test(own.type) ? [] : null;
  };
  const codec = override.codec ?? own.codec;
  if (codec !== '' && !CODEC.test(codec)) throw unsupported(path, `has no usable codec: ${codec}`);
  const { indexes } = place;
  return {
    name,
    type: isOptional ? nullableType(type) : type,
    field: path,
    codec,
    comment: `Field ${path}${own.note === undefined ? '' : `: ${own.note}`}`,
    note: place.isOptional && /^(Array|Map)/.test(own.type) ? 'null becomes empty' : own.note,
    defaultCell: place.default === undefined ? undefined : { cell: toCell(place.default) },
    read: ({ value }) => toCell(valueAt(value as RawValue, indexes)),
  };
}

function valueAt(record: RawValue, indexes: readonly number[]): RawValue {
  let value = record;
  for (const index of indexes) {
    if (value === null) return null;
    value = (value as readonly RawValue[])[index]!;
  }
  return value;
}

/** A type of the user's, if it holds what the field does; Nullable stays where it was. */
function overridden(
  own: string,
  others: readonly string[],
  avro: AvroType,
  wanted: string | undefined,
  path: string,
): string {
  if (wanted === undefined) return own;
  const plain = own.replace(/^(LowCardinality\()?Nullable\((.*)\)$/, (_all, low = '', inner) => `${low}${inner}`);
  const isNullable = plain !== own;
  if (wanted !== plain && !others.includes(wanted)) {
    throw unsupported(path, `can't be of the type ${wanted}; it can be ${[...new Set([plain, ...others])].join(', ')}`);
  }
  const { inner } = withoutNull(avro, path);
  const type = /^Enum/.test(wanted) && inner.kind === 'enum' ? enumType(wanted, inner) : wanted;
  return isNullable ? nullableType(type) : type;
}

function enumType(name: string, type: EnumType): string {
  return `${name}(${type.symbols.map((symbol, at) => `'${symbolText(type, symbol)}' = ${at + 1}`).join(', ')})`;
}
