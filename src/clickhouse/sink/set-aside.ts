import { HeadraceError } from '../../errors.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { slicePieces } from '../row-binary/slice-pieces.ts';
import type { EncodedRecord, TableRows } from './table-rows.ts';

/** So many records of a cut may be refused; of more it is no longer the records that are at fault. */
const REFUSED_MAX = 1_000;

/** A record that does not become rows, and why. */
export interface RefusedRecord {
  readonly batch: RecordBatch;
  readonly index: number;
  /** Its rows that the table does not have. */
  readonly rowCount: number;
  readonly error: unknown;
}

/** Inserts a part of a table's rows; `place` tells it from other parts. */
export type InsertPart = (pieces: readonly Uint8Array[], place: string) => Promise<void>;

/**
 * Inserts rows of which ClickHouse refuses some: halves, and halves of those that are refused, until what is refused is one record.
 * Returns these, each with ClickHouse's reason; all others are in. Rejects with SINK_REFUSALS_EXCEEDED (retriable) where
 * there are too many, with nothing set aside, and with whatever else goes wrong.
 */
export async function insertWithout(rows: TableRows, insert: InsertPart): Promise<readonly RefusedRecord[]> {
  const pieces = rows.pieces();
  const refused: RefusedRecord[] = [];
  // The whole has been refused before.
  const waiting: (readonly EncodedRecord[])[] = [...halves(rows.records())].reverse();
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const [first, last] = [part[0]!, part.at(-1)!];
    try {
      await insert(slicePieces(pieces, first.start, last.end), `${first.start}-${last.end}`);
    } catch (error) {
      if (!(error instanceof HeadraceError) || error.code !== 'SINK_ROW_REFUSED') throw error;
      if (part.length > 1) waiting.push(...[...halves(part)].reverse());
      else if (refused.push({ ...first, error }) > REFUSED_MAX) throw tooMany(rows, error);
    }
  }
  return refused;
}

/** One record stays one: it is asked about once more, alone. */
function halves(records: readonly EncodedRecord[]): readonly (readonly EncodedRecord[])[] {
  if (records.length === 1) return [records];
  const middle = records.length >> 1;
  return [records.slice(0, middle), records.slice(middle)];
}

function tooMany({ table }: TableRows, cause: HeadraceError): HeadraceError {
  const message = `${table} refuses more than ${REFUSED_MAX} records of one cut. Look at its constraints and columns rather than at the records, which wait; the last reason was: ${cause.message}`;
  return new HeadraceError('SINK_REFUSALS_EXCEEDED', message, { retriable: true, cause });
}
