import { HeadraceError } from '../../errors.ts';
import type { CellValue } from '../clickhouse.ts';
import {
  decimalsOf,
  type Fields,
  listField,
  minorField,
  objectField,
  optionalTextField,
  plainField,
  textField,
} from '../sink-fields.ts';

/** Which field of a value a column holds, and how. */
export interface Cell {
  readonly kind: 'text' | 'optional text' | 'plain' | 'minor' | 'decimals';
  /** Names of fields joined by points; behind that of a list stands `[]`: `source.offset`, `balances[].held`. */
  readonly path: string;
  /** The amount whose decimals an amount must have. */
  readonly like: string;
  /** The field that is read where the first is missing. */
  readonly otherwise: string;
}

const cell = (kind: Cell['kind'], path: string, { like = path, otherwise = path } = {}): Cell => ({
  kind,
  path,
  like,
  otherwise,
});

/** The cells of a {@link fieldTable}. What a field can't be is refused: SINK_ROW_REFUSED. */
export const cells = {
  /** A text, a time or a day as they stand in the value: the column's type reads it. */
  text: (path: string) => cell('text', path),
  /** Empty where the field is missing. */
  optionalText: (path: string) => cell('optional text', path),
  /** A number or a boolean; that of `otherwise` where the field is missing. */
  plain: (path: string, otherwise?: string) => cell('plain', path, { otherwise }),
  /** The minor units of an amount (`"12.34"` is 1234), which must have as many decimals as the amount `like`. */
  minor: (path: string, like?: string) => cell('minor', path, { like }),
  /** How many decimals an amount is written with: those of its currency. */
  decimals: (path: string) => cell('decimals', path),
} as const;

/** Reads a cell of a row, from the value and, where its path goes through the list, from an item of it. */
export type ReadCell = (value: Fields, item: Fields) => CellValue;

const LIST = '[].';

/** The list whose items give a row each; undefined where a value is one row. Throws TOPOLOGY_INVALID for cells of two lists. */
export function listOf(row: readonly Cell[]): string | undefined {
  const lists = new Set(
    row.filter(({ path }) => path.includes(LIST)).map(({ path }) => path.slice(0, path.indexOf(LIST))),
  );
  if (lists.size > 1)
    throw new HeadraceError('TOPOLOGY_INVALID', `A row can't be of two lists: ${[...lists].join(', ')}`);
  return [...lists][0];
}

/** The items of the list at a path. */
export function itemsAt(value: Fields, path: string): readonly Fields[] {
  const names = path.split('.');
  return listField(parentOf(value, names), names.at(-1)!);
}

export function readerOf({ kind, path, like, otherwise }: Cell): ReadCell {
  const [read, ofLike] = [fieldAt(path), fieldAt(like)];
  switch (kind) {
    case 'text':
      return read(textField);
    case 'optional text':
      return read(optionalTextField);
    case 'plain': {
      const other = fieldAt(otherwise)(plainField);
      return (value, item) => {
        const isMissing = read((fields, name) => fields[name] === undefined)(value, item);
        return isMissing ? other(value, item) : read(plainField)(value, item);
      };
    }
    case 'decimals':
      return read(decimalsOf);
    default: {
      const decimals = ofLike(decimalsOf);
      return (value, item) => read((fields, name) => minorField(fields, name, decimals(value, item)))(value, item);
    }
  }
}

/** What a function of a field makes of the one at a path. */
function fieldAt(path: string) {
  const isOfItem = path.includes(LIST);
  const names = (isOfItem ? path.slice(path.indexOf(LIST) + LIST.length) : path).split('.');
  const name = names.at(-1)!;
  return <T>(read: (fields: Fields, name: string) => T) =>
    (value: Fields, item: Fields): T =>
      read(names.length === 1 ? (isOfItem ? item : value) : parentOf(isOfItem ? item : value, names), name);
}

function parentOf(fields: Fields, names: readonly string[]): Fields {
  return names.slice(0, -1).reduce(objectField, fields);
}
