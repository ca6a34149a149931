import type { CellValue, Column } from '../../../clickhouse/clickhouse.ts';
import { RowBinaryEncoder } from '../../../clickhouse/row-binary/encoder.ts';
import type { RowId } from './key-table.ts';
import { SipHash64 } from './sip-hash.ts';
import type { TableShape } from './table-shape.ts';

/** Ranges of offsets are named by this many in each partition, at most; hashes of keys by as many buckets. */
export const BUCKETS = 64;

const MONTH: Column = { name: 'month', type: 'UInt32' };

/**
 * What ClickHouse computes of a row (see sql.ts), computed of the cells that the sink would write: hash of the key, hash of the row, its version, amount and bucket.
 * Both are SipHash over RowBinary, of which ClickHouse writes the very bytes that the sink sends.
 */
export class RowDigest {
  readonly #shape: TableShape;
  readonly #rangeSize: number;
  readonly #row: RowBinaryEncoder;
  readonly #key: RowBinaryEncoder;
  readonly #keyCells: readonly number[];
  readonly #month: number;
  readonly #version: number;
  readonly #deleted: number;
  readonly #amount: number;
  readonly #place: readonly [topic: number, partition: number, offset: number] | undefined;
  readonly #hash = new SipHash64();
  id: RowId = { low: 0, high: 0 };
  row: RowId = { low: 0, high: 0 };
  version = 0n;
  amount = 0n;
  bucket = '';
  /** A row whose greatest version says that it is gone is shown by nobody. */
  isDeleted = false;

  constructor(shape: TableShape, rangeSize: number) {
    const at = (name: string | undefined) => shape.columns.findIndex((column) => column.name === name);
    this.#shape = shape;
    this.#rangeSize = rangeSize;
    this.#keyCells = shape.key.map(at);
    this.#month = at(shape.month);
    const keyColumns = this.#keyCells.map((index) => shape.columns[index]!);
    this.#row = new RowBinaryEncoder(shape.columns);
    this.#key = new RowBinaryEncoder(this.#month < 0 ? keyColumns : [...keyColumns, MONTH]);
    this.#version = at(shape.version);
    this.#deleted = at(shape.deleted);
    this.#amount = at(shape.amount);
    const { place } = shape;
    this.#place = place === undefined ? undefined : [at(place.topic), at(place.partition), at(place.offset)];
  }

  /** Throws SINK_ROW_REFUSED for a row that the table cannot hold. */
  of(cells: readonly CellValue[]): void {
    this.row = this.#hashOf(this.#row, cells);
    const key = this.#keyCells.map((index) => cells[index]!);
    if (this.#month >= 0) key.push(monthOf(cells[this.#month]!));
    this.id = this.#hashOf(this.#key, key);
    this.version = this.#version < 0 ? 0n : numberOf(cells[this.#version]!);
    this.amount = this.#amount < 0 ? 0n : numberOf(cells[this.#amount]!);
    this.isDeleted = this.#deleted >= 0 && numberOf(cells[this.#deleted]!) !== 0n;
    this.bucket = this.#bucketOf(cells);
  }

  /** The hash of each cell by itself. */
  cells(cells: readonly CellValue[]): readonly RowId[] {
    return this.#shape.columns.map((column, index) => this.#hashOf(new RowBinaryEncoder([column]), [cells[index]!]));
  }

  #hashOf(encoder: RowBinaryEncoder, cells: readonly CellValue[]): RowId {
    encoder.rewind({ byteLength: 0, rowCount: 0 });
    encoder.append(cells);
    this.#hash.hash(encoder.bytes());
    return { low: this.#hash.low, high: this.#hash.high };
  }

  #bucketOf(cells: readonly CellValue[]): string {
    if (this.#place === undefined) return String(this.id.low % BUCKETS);
    const [topic, partition, offset] = this.#place;
    const range = Math.floor(Number(cells[offset]!) / this.#rangeSize);
    return `${String(cells[topic])}-${String(cells[partition])} ${range}`;
  }
}

function numberOf(value: CellValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return BigInt(value);
  return BigInt(Date.parse(String(value)));
}

/** As ClickHouse's toYYYYMM. */
function monthOf(value: CellValue): number {
  const day = new Date(typeof value === 'number' ? value : String(value));
  return day.getUTCFullYear() * 100 + day.getUTCMonth() + 1;
}
