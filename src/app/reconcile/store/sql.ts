import { BUCKETS } from './row-digest.ts';
import type { TableShape } from './table-shape.ts';

/** The hash of a row's key, and of the month in which it lies: what RowDigest computes as `id`. */
export function idSql({ key, month, columns, expressions }: TableShape): string {
  const cells = key.map((name) => expressions[columns.findIndex((column) => column.name === name)]!);
  return hashSql(month === undefined ? cells : [...cells, `toUInt32(toYYYYMM(\`${month}\`))`]);
}

/** What RowDigest computes as `row`. */
export function rowSql({ expressions }: TableShape): string {
  return hashSql(expressions);
}

/** RowBinary of the cells, hashed as one text. */
export function hashSql(cells: readonly string[]): string {
  return `sipHash64(formatRow('RowBinary', ${cells.join(', ')}))`;
}

/** What RowDigest computes as `bucket`. */
export function bucketSql({ place }: TableShape, rangeSize: number): string {
  if (place === undefined) return `toString(bitAnd(digest_id, ${BUCKETS - 1}))`;
  const { topic, partition, offset } = place;
  return `concat(\`${topic}\`, '-', toString(\`${partition}\`), ' ', toString(intDiv(\`${offset}\`, ${rangeSize})))`;
}

/** Rows that readers see of a table: FINAL, month by month as every reader has it. */
export function seenRows({ table }: TableShape): string {
  return `SELECT * FROM ${table} FINAL`;
}

/** What RowDigest computes, of each row of a query. The names are none that a column of the table may have. */
export function digestedRows(shape: TableShape, rows: string, rangeSize: number): string {
  const { amount } = shape;
  const amountSql = amount === undefined ? '0' : `\`${amount}\``;
  return (
    `SELECT ${idSql(shape)} AS digest_id, ${rowSql(shape)} AS digest_row, ${bucketSql(shape, rangeSize)} AS digest_bucket, ` +
    `${versionSql(shape)} AS digest_version, toInt256(${amountSql}) AS digest_amount FROM (${rows})`
  );
}

/** Of another type than a number nothing is known: any such row has to go before another can take its place. */
function versionSql({ version, columns }: TableShape): string {
  if (version === undefined) return 'toInt256(0)';
  const type = columns.find((column) => column.name === version)!.type;
  return /^U?Int\d+$/.test(type) ? `toInt256(\`${version}\`)` : 'toInt256(9223372036854775807)';
}

/** A condition on ids. */
export function idsIn(ids: Iterable<bigint>): string {
  return `digest_id IN (${[...ids].join(', ')})`;
}
