import type { Watermarks } from '../../../log/log.ts';
import type { HeadraceNode } from '../../node.ts';
import { eachJsonRow } from '../../query-rows.ts';
import { type Ask, splitName } from './catalog.ts';
import { KeyTable, type RowId } from './key-table.ts';
import type { LogRows, SetAside } from './log-rows.ts';
import { RowDigest } from './row-digest.ts';
import { digestedRows, seenRows } from './sql.ts';
import type { TableShape } from './table-shape.ts';

/** What a bucket of rows comes to, whatever their order. */
export interface Digest {
  readonly rows: number;
  /** Of the amounts, in minor units. */
  readonly amount: bigint;
  /** Sum of the rows' hashes, modulo 2^64. */
  readonly hash: bigint;
}

export type Digests = ReadonlyMap<string, Digest>;

/** Rows by their keys, and the names of their buckets. */
export interface LoadedRows {
  readonly rows: KeyTable;
  readonly buckets: readonly string[];
}

/** What a table should hold. Rows are taken in slices by the hash of their keys, so that one slice fits in memory. */
export interface WantedRows {
  digests(slice: number): Promise<Digests>;
  /** Rows of the slice: at least those of these buckets. After `digests` of the same slice. */
  load(slice: number, buckets: ReadonlySet<string>): Promise<LoadedRows>;
}

/** Marks of rows in a KeyTable. */
export const DELETED = 1;
export const SET_ASIDE = 2;

/** Of 2^32 rows of 2^32 each the sum is exact as a number: slices are smaller by far. */
class DigestSum {
  #rows = 0;
  #amount = 0n;
  #low = 0;
  #high = 0;

  add({ low, high }: RowId, amount: bigint): void {
    this.#rows++;
    this.#low += low;
    this.#high += high;
    if (amount !== 0n) this.#amount += amount;
  }

  get digest(): Digest {
    const hash = BigInt.asUintN(64, (BigInt(this.#high) << 32n) + BigInt(this.#low));
    return { rows: this.#rows, amount: this.#amount, hash };
  }
}

export interface LogSideOptions {
  readonly shape: TableShape;
  readonly log: LogRows;
  readonly ranges: readonly Watermarks[];
  readonly rangeSize: number;
  readonly slices: number;
  readonly setAside: SetAside;
  readonly onRecord: () => void;
}

/** What the log's records come to. */
export class LogSide implements WantedRows {
  readonly #options: LogSideOptions;
  #loaded: LoadedRows = { rows: new KeyTable(), buckets: [] };

  constructor(options: LogSideOptions) {
    this.#options = options;
  }

  async digests(slice: number): Promise<Digests> {
    const { shape, log, ranges, rangeSize, slices, setAside, onRecord } = this.#options;
    const digest = new RowDigest(shape, rangeSize);
    const rows = new KeyTable();
    const numbers = new Map<string, number>();
    const buckets: string[] = [];
    await log.each(ranges, (cells, { topic, partition, offset }) => {
      onRecord();
      digest.of(cells);
      if (sliceOf(digest.id, slices) !== slice) return;
      let bucket = numbers.get(digest.bucket);
      if (bucket === undefined) {
        bucket = buckets.push(digest.bucket) - 1;
        numbers.set(digest.bucket, bucket);
      }
      const isSetAside = setAside.size > 0 && setAside.has(`${topic}-${partition}-${offset}`);
      const mark = (digest.isDeleted ? DELETED : 0) | (isSetAside ? SET_ASIDE : 0);
      rows.put(digest.id, digest.row, digest.version, bucket, digest.amount, mark);
    });
    this.#loaded = { rows, buckets };
    const sums = buckets.map(() => new DigestSum());
    for (const entry of rows.entries()) {
      if ((rows.mark(entry) & DELETED) === 0) sums[rows.bucket(entry)]!.add(rows.row(entry), rows.sum(entry));
    }
    return new Map(buckets.map((name, index) => [name, sums[index]!.digest]));
  }

  load(): Promise<LoadedRows> {
    return Promise.resolve(this.#loaded);
  }
}

/** The slice of a row: its id modulo their number, as ClickHouse computes it. */
export function sliceOf({ low, high }: RowId, slices: number): number {
  return slices === 1 ? 0 : ((high % slices) * (2 ** 32 % slices) + (low % slices)) % slices;
}

/** A row of a query as RowDigest has it. */
export interface DigestedRow {
  readonly id: RowId;
  readonly row: RowId;
  readonly bucket: string;
  readonly version: bigint;
}

export interface ClickHouseSideOptions {
  readonly node: Pick<HeadraceNode, 'query'>;
  readonly ask: Ask;
  readonly shape: TableShape;
  /** The table whose parts say how much is read at a time. */
  readonly read: TableShape;
  /** The query of the rows; `condition` is on the table that is read. */
  readonly rows: (condition: string) => string;
  readonly rangeSize: number;
  readonly slices: number;
}

/** One query reads about so many rows at most, so that it ends within a reader's time. */
const ROWS_OF_QUERY = 4_000_000;

/** What ClickHouse holds, or what it says that it should hold. */
export class ClickHouseSide implements WantedRows {
  readonly #options: ClickHouseSideOptions;
  #digests: readonly Map<string, Digest>[] | undefined;

  constructor(options: ClickHouseSideOptions) {
    this.#options = options;
  }

  /** Rows that readers see of a table. */
  static of(options: Omit<ClickHouseSideOptions, 'rows' | 'read'>): ClickHouseSide {
    const { shape } = options;
    return new ClickHouseSide({
      ...options,
      read: shape,
      rows: (condition) => `${seenRows(shape)} WHERE ${condition}`,
    });
  }

  async digests(slice: number): Promise<Digests> {
    this.#digests ??= await this.#allDigests();
    return this.#digests[slice]!;
  }

  async load(slice: number, buckets: ReadonlySet<string>): Promise<LoadedRows> {
    const rows = new KeyTable();
    const names = [...buckets];
    const numbers = new Map(names.map((name, index) => [name, index]));
    for await (const { id, row, bucket, version } of this.each(slice, buckets)) {
      rows.put(id, row, version, numbers.get(bucket)!);
    }
    return { rows, buckets: names };
  }

  /** The rows of these buckets, one by one. */
  async *each(slice: number, buckets: ReadonlySet<string>): AsyncGenerator<DigestedRow> {
    const { node, rows, shape, rangeSize, slices } = this.#options;
    for (const condition of await this.#conditions()) {
      type Line = {
        readonly i: [number, number];
        readonly r: [number, number];
        readonly b: string;
        readonly v: string;
      };
      const sql =
        `SELECT ${halves('digest_id')} AS i, ${halves('digest_row')} AS r, digest_bucket AS b, toString(digest_version) AS v ` +
        `FROM (${digestedRows(shape, rows(condition), rangeSize)}) WHERE digest_id % ${slices} = ${slice}`;
      for await (const { i, r, b, v } of eachJsonRow<Line>(node, sql)) {
        if (!buckets.has(b)) continue;
        yield { id: { low: i[0], high: i[1] }, row: { low: r[0], high: r[1] }, bucket: b, version: BigInt(v) };
      }
    }
  }

  async #allDigests(): Promise<readonly Map<string, Digest>[]> {
    const { node, rows, shape, rangeSize, slices } = this.#options;
    const digests = Array.from({ length: slices }, () => new Map<string, Digest>());
    for (const condition of await this.#conditions()) {
      type Line = {
        readonly s: string;
        readonly b: string;
        readonly n: string;
        readonly a: string;
        readonly h: string;
      };
      const sql =
        `SELECT toString(digest_id % ${slices}) AS s, digest_bucket AS b, toString(count()) AS n, toString(sum(digest_amount)) AS a, toString(sumWithOverflow(digest_row)) AS h ` +
        `FROM (${digestedRows(shape, rows(condition), rangeSize)}) GROUP BY s, b`;
      for await (const { s, b, n, a, h } of eachJsonRow<Line>(node, sql)) {
        const known = digests[Number(s)]!.get(b) ?? { rows: 0, amount: 0n, hash: 0n };
        digests[Number(s)]!.set(b, {
          rows: known.rows + Number(n),
          amount: known.amount + BigInt(a),
          hash: BigInt.asUintN(64, known.hash + BigInt(h)),
        });
      }
    }
    return digests;
  }

  /** Conditions that cut a table into months, some at a time; one that lets all pass where it is not cut by months. */
  async #conditions(): Promise<readonly string[]> {
    const { ask, read } = this.#options;
    if (read.month === undefined || read.rows <= ROWS_OF_QUERY) return ['1'];
    const [database, table] = splitName(read.table);
    const months = await ask<{ readonly partition: string; readonly count: string }>(
      `SELECT partition, sum(rows) AS count FROM system.parts WHERE active AND database = '${database}' AND table = '${table}' GROUP BY partition ORDER BY partition`,
    );
    const conditions: string[] = [];
    let chosen: string[] = [];
    let rows = 0;
    for (const { partition, count } of months) {
      chosen.push(partition);
      rows += Number(count);
      if (rows < ROWS_OF_QUERY && partition !== months.at(-1)!.partition) continue;
      conditions.push(`toYYYYMM(\`${read.month}\`) IN (${chosen.join(', ')})`);
      chosen = [];
      rows = 0;
    }
    return conditions;
  }
}

function halves(hash: string): string {
  return `[toUInt32(bitAnd(${hash}, 4294967295)), toUInt32(bitShiftRight(${hash}, 32))]`;
}
