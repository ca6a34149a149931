import type { CellValue } from '../../../clickhouse/clickhouse.ts';
import type { SinkRecord } from '../../../clickhouse/sink-table.ts';
import { maskCardNumbers } from '../../../privacy/card-numbers.ts';
import type { HeadraceNode } from '../../node.ts';
import { eachJsonRow } from '../../query-rows.ts';
import { DIFFERENT, DIFFERENT_NEWER, EXTRA, MISSING } from './compare-sides.ts';
import type { KeyTable, RowId } from './key-table.ts';
import type { LogRange, LogRows } from './log-rows.ts';
import { RowDigest } from './row-digest.ts';
import { hashSql, idSql } from './sql.ts';
import type { TableShape } from './table-shape.ts';

/** A row that is wrong, by what people know it by. Texts are masked; of contents only amounts are told. */
export interface WrongRow {
  readonly table: string;
  readonly kind: 'missing' | 'different' | 'extra';
  /** Column to value, of the key. */
  readonly key: Readonly<Record<string, string>>;
  /** The record of the log of which the row is made; of an extra row there is none. */
  readonly record?: string;
  /** The record that the row says it is about. */
  readonly source?: string;
  /** Day of the row (UTC), where it has a time of its own. */
  readonly day?: string;
  /** Amounts in minor units: what the log says, and what ClickHouse has. */
  readonly amount?: { readonly log?: string; readonly clickhouse?: string };
  /** Columns that differ. */
  readonly columns?: readonly string[];
}

export interface NamingOptions {
  readonly node: Pick<HeadraceNode, 'query'>;
  readonly shape: TableShape;
  readonly wrong: KeyTable;
  /** Query of what ClickHouse has. */
  readonly found: string;
  readonly namedMax: number;
}

interface Named {
  readonly row: Omit<WrongRow, 'kind' | 'table'>;
  readonly cells: readonly bigint[];
}

const KINDS: Readonly<Record<number, WrongRow['kind']>> = {
  [MISSING]: 'missing',
  [DIFFERENT]: 'different',
  [DIFFERENT_NEWER]: 'different',
  [EXTRA]: 'extra',
};
const IDS_OF_QUERY = 500;
const TEXT_MAX = 80;
const TIMES = ['occurred_at', 'day', 'requested_at', 'opened_at'];

/** A number that holds an id as ClickHouse writes it. */
export function idNumber({ low, high }: RowId): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Names the wrong rows of a table, so many at most: those of the log by reading it once more, extra ones as ClickHouse has them. */
export async function nameLogRows(
  options: NamingOptions,
  log: LogRows,
  ranges: readonly LogRange[],
  rangeSize: number,
): Promise<readonly WrongRow[]> {
  const { shape, wrong, namedMax } = options;
  const digest = new RowDigest(shape, rangeSize);
  const named = new Map<bigint, Named>();
  await log.each(ranges, (cells, record) => {
    digest.of(cells);
    const entry = wrong.find(digest.id);
    if (entry < 0 || wrong.mark(entry) === EXTRA || !wrong.isRow(entry, digest.row)) return;
    const id = idNumber(digest.id);
    if (named.size >= namedMax && !named.has(id)) return;
    const hashes = wrong.mark(entry) === MISSING ? [] : digest.cells(cells).map(idNumber);
    named.set(id, { row: ofCells(shape, cells, record), cells: hashes });
  });
  return nameRows(options, named);
}

/** Names wrong rows by what ClickHouse has; missing and different ones by `named`, where the log has named them. */
export async function nameRows(
  options: NamingOptions,
  named?: ReadonlyMap<bigint, Named>,
): Promise<readonly WrongRow[]> {
  const { shape, wrong, namedMax } = options;
  const { table } = shape;
  const kindOf = (id: bigint) => KINDS[wrong.mark(wrong.find(halves(id)))];
  const rows: WrongRow[] = [];
  const asked: bigint[] = [];
  for (const [id, { row }] of named ?? []) {
    if (kindOf(id) === 'missing') rows.push({ table, kind: 'missing', ...row });
    else asked.push(id);
  }
  for (const entry of wrong.entries()) {
    if (rows.length + asked.length >= namedMax) break;
    const mark = wrong.mark(entry);
    if (mark === EXTRA || (mark !== 0 && named === undefined)) asked.push(idNumber(wrong.id(entry)));
  }
  for (let from = 0; from < asked.length; from += IDS_OF_QUERY) {
    for await (const { id, cells, row } of foundRows(options, asked.slice(from, from + IDS_OF_QUERY))) {
      const known = named?.get(id);
      const kind = kindOf(id)!;
      if (known === undefined) {
        rows.push({ table, kind, ...row });
        continue;
      }
      const columns = shape.columns.filter((_, index) => cells[index] !== known.cells[index]).map(({ name }) => name);
      const amount = { ...known.row.amount, ...row.amount };
      rows.push({ table, kind, ...known.row, ...(row.amount === undefined ? {} : { amount }), columns });
    }
  }
  return rows.sort((one, other) => compareText(nameOf(one), nameOf(other)));
}

interface Found {
  readonly id: bigint;
  readonly cells: readonly bigint[];
  readonly row: Omit<WrongRow, 'kind' | 'table'>;
}

async function* foundRows({ node, shape, found }: NamingOptions, ids: readonly bigint[]): AsyncGenerator<Found> {
  const { key, place, amount, columns, expressions } = shape;
  const text = (name: string | undefined) => (name === undefined ? "''" : `toString(\`${name}\`)`);
  const time = timeColumn(shape);
  const sql =
    `SELECT toString(${idSql(shape)}) AS digest_id, [${expressions.map((cell) => `toString(${hashSql([cell])})`).join(', ')}] AS digest_cells, ` +
    `[${key.map(text).join(', ')}] AS digest_key, ${text(amount)} AS digest_amount, ` +
    `[${place === undefined ? '' : [place.topic, place.partition, place.offset].map(text).join(', ')}] AS digest_place, ${text(time)} AS digest_time ` +
    `FROM (${found}) WHERE ${idSql(shape)} IN (${ids.join(', ')})`;
  interface Line {
    readonly digest_id: string;
    readonly digest_cells: readonly string[];
    readonly digest_key: readonly string[];
    readonly digest_amount: string;
    readonly digest_place: readonly string[];
    readonly digest_time: string;
  }
  for await (const line of eachJsonRow<Line>(node, sql)) {
    const [topic, partition, offset] = line.digest_place;
    yield {
      id: BigInt(line.digest_id),
      cells: columns.map((_, index) => BigInt(line.digest_cells[index]!)),
      row: {
        key: Object.fromEntries(key.map((name, index) => [name, shown(line.digest_key[index]!)])),
        ...(topic === undefined ? {} : { source: `${shown(topic)}-${partition} offset ${offset}` }),
        ...(line.digest_time === '' ? {} : { day: line.digest_time.slice(0, 10) }),
        ...(amount === undefined ? {} : { amount: { clickhouse: line.digest_amount } }),
      },
    };
  }
}

function ofCells(shape: TableShape, cells: readonly CellValue[], record: SinkRecord): Omit<WrongRow, 'kind' | 'table'> {
  const { key, place, amount } = shape;
  const at = (name: string) => textOf(cells[shape.columns.findIndex((column) => column.name === name)]!);
  const time = timeColumn(shape);
  const moment = time === undefined ? '' : at(time);
  return {
    key: Object.fromEntries(key.map((name) => [name, shown(at(name))])),
    record: `${record.topic}-${record.partition} offset ${record.offset}`,
    ...(place === undefined
      ? {}
      : { source: `${shown(at(place.topic))}-${at(place.partition)} offset ${at(place.offset)}` }),
    ...(time === undefined ? {} : { day: dayOf(moment) }),
    ...(amount === undefined ? {} : { amount: { log: at(amount) } }),
  };
}

function timeColumn({ columns }: TableShape): string | undefined {
  return TIMES.find((name) => columns.some((column) => column.name === name));
}

function dayOf(moment: string): string {
  return /^-?\d+$/.test(moment) ? new Date(Number(moment)).toISOString().slice(0, 10) : moment.slice(0, 10);
}

function textOf(value: CellValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return value === null ? 'null' : String(value);
}

function shown(text: string): string {
  const masked = maskCardNumbers(text);
  return masked.length > TEXT_MAX ? `${masked.slice(0, TEXT_MAX)}…` : masked;
}

function halves(id: bigint): RowId {
  return { low: Number(id & 0xffff_ffffn), high: Number(id >> 32n) };
}

function nameOf({ kind, key }: WrongRow): string {
  return `${kind} ${JSON.stringify(key)}`;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
