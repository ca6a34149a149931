import { createHash } from 'node:crypto';
import type { Cut } from '../../runtime/sink/sink-target.ts';
import { checksum64 } from '../../storage/checksum.ts';
import type { Column } from '../clickhouse.ts';

/**
 * The query id of a cut's insert into a table, by which an earlier try is waited for; the beginning of its token. The
 * ranges are in it, so that a sink whose numbers began anew (its state was lost) does not wait for another's insert.
 */
export function insertName(cut: Cut, table: string): string {
  const ranges = [...cut.ranges]
    .map((range) => `${range.topic}\n${range.partition}\n${range.from}\n${range.to}`)
    .sort()
    .join('\n\n');
  return `${cut.sink}-${cut.number}-${digestOf(ranges)}-${table}`;
}

/**
 * The token of an insert or of a part of it. The rows are in it: ClickHouse drops whatever comes under a token that it
 * knows, and rows that were made otherwise (by another release, out of another log) must never be dropped in silence.
 */
export function insertToken(name: string, columns: readonly Column[], pieces: readonly Uint8Array[]): string {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return `${name}-${digestOf(JSON.stringify(columns))}-${checksum64(pieces)}-${length}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
