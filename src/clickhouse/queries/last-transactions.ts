/** The name of the query that is answered here. */
export const LAST_TRANSACTIONS = 'last-transactions';

/** Months looked through around the account's last change, one after the other, before all time. */
export const WINDOW_MONTHS: readonly number[] = [2, 12];

/** Of a row what says whether all of the page is there. */
export interface LedgerPlace {
  readonly sequence: string;
  readonly last_sequence: string;
}

/**
 * Whether a page that was found in some months holds what all time would give: an account's sequence has no gaps, so it is
 * enough that the page begins where it must, leaves none out, and is full or ends with the first.
 */
export function isWholePage(
  rows: readonly LedgerPlace[],
  { before, limit }: { before: string; limit: string },
): boolean {
  const [first] = rows;
  if (first === undefined) return false;
  const sequences = rows.map(({ sequence }) => BigInt(sequence));
  const newest = sequences[0]!;
  const due = minimum(BigInt(first.last_sequence), BigInt(before) - 1n);
  if (newest < due) return false;
  if (sequences.some((sequence, index) => sequence !== newest - BigInt(index))) return false;
  return rows.length === Number(limit) || sequences.at(-1) === 1n;
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
