import { KeyTable } from './key-table.ts';
import { type ClickHouseSide, DELETED, type Digest, type WantedRows } from './sides.ts';

/** What is wrong with a row, as marks of a KeyTable. */
export const MISSING = 1;
export const DIFFERENT = 2;
/** Different, and of a greater version: it has to go before the right one is shown. */
export const DIFFERENT_NEWER = 3;
export const EXTRA = 4;

/** A bucket in which rows differ. */
export interface DifferingBucket {
  readonly bucket: string;
  readonly wanted: Digest;
  readonly found: Digest;
}

export interface SidesComparison {
  /** Rows that were wanted. */
  readonly rows: number;
  readonly buckets: number;
  readonly differing: readonly DifferingBucket[];
  /** Each wrong row with its mark, the hash that it should have, and its bucket's place among those that differ. */
  readonly wrong: KeyTable;
}

const EMPTY: Digest = { rows: 0, amount: 0n, hash: 0n };

/**
 * Compares by buckets first, and row by row only where they differ: what is wanted is held by the hashes of a slice's keys, what is found streams past.
 */
export async function compareSides(
  wanted: WantedRows,
  found: ClickHouseSide,
  slices: number,
): Promise<SidesComparison> {
  const wrong = new KeyTable();
  const differing = new Map<string, DifferingBucket>();
  const seen = new Set<string>();
  let rows = 0;
  for (let slice = 0; slice < slices; slice++) {
    const [ours, theirs] = [await wanted.digests(slice), await found.digests(slice)];
    const names = new Set<string>();
    for (const bucket of new Set([...ours.keys(), ...theirs.keys()])) {
      const [want, have] = [ours.get(bucket) ?? EMPTY, theirs.get(bucket) ?? EMPTY];
      seen.add(bucket);
      rows += want.rows;
      if (isEqual(want, have)) continue;
      names.add(bucket);
      const known = differing.get(bucket);
      const both = { bucket, wanted: sumOf(known?.wanted, want), found: sumOf(known?.found, have) };
      differing.set(bucket, both);
    }
    if (names.size > 0) await strike(wanted, found, slice, names, placesOf(differing), wrong);
  }
  return { rows, buckets: seen.size, differing: [...differing.values()], wrong };
}

async function strike(
  wanted: WantedRows,
  found: ClickHouseSide,
  slice: number,
  names: ReadonlySet<string>,
  places: ReadonlyMap<string, number>,
  wrong: KeyTable,
): Promise<void> {
  const { rows, buckets } = await wanted.load(slice, names);
  for await (const { id, row, version, bucket } of found.each(slice, names)) {
    const entry = rows.find(id);
    if (entry < 0 || (rows.mark(entry) & DELETED) !== 0) {
      wrong.put(id, row, 0n, places.get(bucket)!, 0n, EXTRA);
      continue;
    }
    rows.setSeen(entry);
    if (rows.isRow(entry, row)) continue;
    const mark = version > rows.version(entry) ? DIFFERENT_NEWER : DIFFERENT;
    wrong.put(id, rows.row(entry), 0n, places.get(bucket)!, 0n, mark);
  }
  const differs = buckets.map((bucket) => names.has(bucket));
  for (const entry of rows.entries()) {
    if (rows.isSeen(entry) || rows.mark(entry) !== 0 || !differs[rows.bucket(entry)]) continue;
    wrong.put(rows.id(entry), rows.row(entry), 0n, places.get(buckets[rows.bucket(entry)]!)!, 0n, MISSING);
  }
}

/** Where each bucket stands among those that differ. */
function placesOf(differing: ReadonlyMap<string, DifferingBucket>): ReadonlyMap<string, number> {
  return new Map([...differing.keys()].map((bucket, index) => [bucket, index]));
}

function isEqual(one: Digest, other: Digest): boolean {
  return one.rows === other.rows && one.amount === other.amount && one.hash === other.hash;
}

function sumOf(one: Digest = EMPTY, other: Digest): Digest {
  return {
    rows: one.rows + other.rows,
    amount: one.amount + other.amount,
    hash: BigInt.asUintN(64, one.hash + other.hash),
  };
}
