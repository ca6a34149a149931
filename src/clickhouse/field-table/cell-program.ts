import type { ScanLayout, ScanSlot } from '../../serde/avro/scan/scan-layout.ts';
import type { Column } from '../clickhouse.ts';
import type { Cell } from './cells.ts';

/** How a cell is written from what a scan has found. */
export const TEXT = 0;
export const OPTIONAL_TEXT = 1;
export const SYMBOL = 2;
/** One byte: a boolean, a currency's decimals. */
export const BYTE = 3;
export const UNSIGNED_32 = 4;
export const SIGNED_32 = 5;
export const UNSIGNED_64 = 6;
export const SIGNED_64 = 7;
/** A decimal's units, which become its currency's. */
export const MINOR_128 = 8;

type Kind =
  | typeof TEXT
  | typeof OPTIONAL_TEXT
  | typeof SYMBOL
  | typeof BYTE
  | typeof UNSIGNED_32
  | typeof SIGNED_32
  | typeof UNSIGNED_64
  | typeof SIGNED_64
  | typeof MINOR_128;

/** The cells of a row, in the order of the columns. */
export interface CellProgram {
  readonly kinds: Uint8Array;
  readonly slots: Int32Array;
  /** 1 where the slot is that of the row's item, 0 where all rows of a value share it. */
  readonly ofItem: Uint8Array;
  readonly currencies: Int32Array;
  readonly scales: Uint8Array;
  /** By cell, of a symbol: its texts. */
  readonly symbols: readonly (readonly Uint8Array[])[];
  /** Slot of the list whose items are the rows. */
  readonly list: ScanSlot | undefined;
}

/** Undefined where a column can't be written straight from what a scan finds. */
export function cellProgram(
  columns: readonly Column[],
  cells: readonly Cell[],
  { slots }: ScanLayout,
): CellProgram | undefined {
  const found = cells.map((cell, at) => cellOf(columns[at]!.type, cell, slots));
  if (!found.every((each) => each !== undefined)) return undefined;
  const lists = new Set(found.flatMap(({ slot }) => (slot.list === undefined ? [] : [slot.list])));
  return {
    kinds: Uint8Array.from(found, ({ kind }) => kind),
    slots: Int32Array.from(found, ({ kind, slot, isDecimals }) =>
      kind === BYTE && isDecimals ? slot.currency : slot.index,
    ),
    ofItem: Uint8Array.from(found, ({ slot }) => (slot.list === undefined ? 0 : 1)),
    currencies: Int32Array.from(found, ({ slot }) => slot.currency),
    scales: Uint8Array.from(found, ({ slot }) => slot.scale),
    symbols: found.map(({ slot }) => slot.symbols.map((text) => Buffer.from(text))),
    list: [...lists][0],
  };
}

interface FoundCell {
  readonly kind: Kind;
  readonly slot: ScanSlot;
  readonly isDecimals: boolean;
}

function cellOf(type: string, cell: Cell, slots: ReadonlyMap<string, ScanSlot>): FoundCell | undefined {
  const slot = slots.get(cell.path);
  const like = slots.get(cell.like);
  if (slot === undefined || like === undefined || like.currency !== slot.currency) return undefined;
  if (cell.kind === 'minor' && like.kind !== 'minor units' && like.kind !== 'decimal') return undefined;
  const kind = KINDS[`${cell.kind}: ${slot.kind} as ${type.replace(/^LowCardinality\((.*)\)$/, '$1')}`];
  return kind === undefined ? undefined : { kind, slot, isDecimals: cell.kind === 'decimals' };
}

/** What the general way makes of the same: JSON's shape in between, as the cell reads it and the column's type writes it. */
const KINDS: Readonly<Record<string, Kind>> = {
  'text: text as String': TEXT,
  'text: currency as String': TEXT,
  'text: symbol as String': SYMBOL,
  "text: moment as DateTime64(3, 'UTC')": SIGNED_64,
  'text: day as Date32': SIGNED_32,
  'optional text: text as String': TEXT,
  'optional text: optional text as String': OPTIONAL_TEXT,
  'plain: boolean as Bool': BYTE,
  'plain: int as UInt32': UNSIGNED_32,
  'plain: long as UInt32': UNSIGNED_32,
  'plain: int as UInt64': UNSIGNED_64,
  'plain: long as UInt64': UNSIGNED_64,
  'plain: long as Int64': SIGNED_64,
  'minor: minor units as Int64': SIGNED_64,
  'minor: decimal as Int128': MINOR_128,
  'decimals: minor units as UInt8': BYTE,
  'decimals: decimal as UInt8': BYTE,
};
