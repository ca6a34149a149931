import { RowBinaryEncoder } from '../../../clickhouse/row-binary/encoder.ts';
import type { HeadraceNode } from '../../node.ts';
import { DIFFERENT, DIFFERENT_NEWER, EXTRA, MISSING } from './compare-sides.ts';
import type { TableComparison } from './compare-table.ts';
import { idNumber } from './name-rows.ts';
import { RowDigest } from './row-digest.ts';

/** What a repair has written. */
export interface Repaired {
  /** Rows that were written again, and rows that were taken out. */
  readonly written: number;
  readonly removed: number;
}

export interface RepairContext {
  readonly node: Pick<HeadraceNode, 'rewrite'>;
  readonly rangeSize: number;
  readonly onProgress: (doing: string, rows: number) => void;
}

const INSERT_BYTES_MAX = 8 * 1024 * 1024;
const INSERT_ROWS_MAX = 50_000;
const IDS_OF_STATEMENT = 5_000;

/**
 * Rewrites just what differs. Rows that nobody should see, and wrong ones, are taken out first, then what is missing or different is inserted once more: the row that comes last replaces
 * the one that stands there. A crash in between leaves rows missing that the next repair finds.
 */
export async function repairTable(
  context: RepairContext,
  { report: { table }, wrong, repairs }: TableComparison,
): Promise<Repaired> {
  const { node, onProgress } = context;
  const marked = (...marks: readonly number[]) => {
    const ids: bigint[] = [];
    for (const entry of wrong.entries()) if (marks.includes(wrong.mark(entry))) ids.push(idNumber(wrong.id(entry)));
    return ids;
  };
  if (repairs === undefined) return { written: 0, removed: 0 };
  const gone = marked(EXTRA, DIFFERENT_NEWER);
  // A wrong row of the same version would stand beside the right one until they are merged: not every query asks for FINAL.
  for (const ids of chunks([...gone, ...marked(DIFFERENT)])) {
    await node.rewrite({ kind: 'remove', table, ids });
    onProgress(`taking rows out of ${table}`, ids.length);
  }
  const written = marked(MISSING, DIFFERENT, DIFFERENT_NEWER);
  if (repairs.kind === 'look-up') {
    for (const ids of chunks(written)) await node.rewrite({ kind: 'copy', table, ids });
    return { written: written.length, removed: gone.length };
  }
  const inserted = written.length === 0 ? 0 : await insertRows(context, { table, wrong, repairs });
  return { written: inserted, removed: gone.length };
}

async function insertRows(
  { node, rangeSize, onProgress }: RepairContext,
  {
    table,
    wrong,
    repairs,
  }: { table: string } & Pick<TableComparison, 'wrong'> & {
      readonly repairs: Extract<TableComparison['repairs'], { kind: 'log' }>;
    },
): Promise<number> {
  const { shape, log, ranges } = repairs;
  const digest = new RowDigest(shape, rangeSize);
  const rows = new RowInserts(node, table, new RowBinaryEncoder(shape.columns));
  await log.each(ranges, (cells) => {
    digest.of(cells);
    const entry = wrong.find(digest.id);
    if (entry < 0 || wrong.isSeen(entry) || !wrong.isRow(entry, digest.row)) return undefined;
    if (wrong.mark(entry) === EXTRA || wrong.mark(entry) === 0) return undefined;
    wrong.setSeen(entry);
    onProgress(`writing rows of ${table}`, rows.count);
    return rows.add(cells);
  });
  await rows.flush();
  return rows.count;
}

function* chunks(ids: readonly bigint[]): IterableIterator<readonly bigint[]> {
  for (let from = 0; from < ids.length; from += IDS_OF_STATEMENT) yield ids.slice(from, from + IDS_OF_STATEMENT);
}

/** Gathers rows into inserts of bounded size. */
export class RowInserts {
  readonly #node: Pick<HeadraceNode, 'rewrite'>;
  readonly #table: string;
  readonly #encoder: RowBinaryEncoder;
  #count = 0;

  constructor(node: Pick<HeadraceNode, 'rewrite'>, table: string, encoder: RowBinaryEncoder) {
    this.#node = node;
    this.#table = table;
    this.#encoder = encoder;
  }

  /** Rows that were added. */
  get count(): number {
    return this.#count;
  }

  /** Something to wait for where an insert was due. */
  add(cells: Parameters<RowBinaryEncoder['append']>[0]): Promise<void> | undefined {
    this.#encoder.append(cells);
    this.#count++;
    const { byteLength, rowCount } = this.#encoder.mark();
    return byteLength >= INSERT_BYTES_MAX || rowCount >= INSERT_ROWS_MAX ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    if (this.#encoder.rowCount === 0) return;
    await this.#node.rewrite({ kind: 'insert', table: this.#table, bytes: this.#encoder.bytes() });
    this.#encoder.rewind({ byteLength: 0, rowCount: 0 });
  }
}
