import type { SinkTable } from '../../../clickhouse/sink-table.ts';
import type { HeadraceNode } from '../../node.ts';
import type { Ask, Catalog } from './catalog.ts';
import { compareSides, EXTRA } from './compare-sides.ts';
import { KeyTable } from './key-table.ts';
import { isCut, type LogRange, LogRows, rangesOf, type SetAside } from './log-rows.ts';
import { isLookUp, type LookUp, lookUpsOf, wantedOfLookUp } from './look-ups.ts';
import { idNumber, nameLogRows, nameRows, type WrongRow } from './name-rows.ts';
import { ClickHouseSide, LogSide } from './sides.ts';
import { idSql, seenRows } from './sql.ts';
import { reportOf, type TableReport } from './table-report.ts';
import { isShape, type NoShape, shapeOf, type TableShape } from './table-shape.ts';

/** What a comparison needs of everything around it. */
export interface StoreContext {
  readonly node: Pick<HeadraceNode, 'read' | 'watermarks' | 'topics' | 'formats' | 'query'>;
  readonly ask: Ask;
  readonly catalog: Catalog;
  readonly setAside: SetAside;
  /** Offsets of one range. */
  readonly rangeSize: number;
  /** Keys that are held at a time. */
  readonly sliceKeysMax: number;
  readonly namedMax: number;
  readonly onProgress: (doing: string, rows: number) => void;
}

/** A comparison, with what repairing it needs. */
export interface TableComparison {
  readonly report: TableReport;
  readonly wrong: KeyTable;
  readonly repairs:
    | { readonly kind: 'log'; readonly shape: TableShape; readonly log: LogRows; readonly ranges: readonly LogRange[] }
    | { readonly kind: 'look-up'; readonly lookUp: LookUp }
    | undefined;
}

const IDS_OF_QUERY = 5_000;

/** Compares a table with what the sink makes of the log; everything must be at rest. */
export async function compareTable(
  context: StoreContext,
  table: string,
  tables: readonly SinkTable[],
): Promise<TableComparison> {
  const { node, ask, catalog, rangeSize, setAside } = context;
  const topics = tables.map(({ topic }) => topic);
  const shape = shapeOf(catalog, table, tables[0]!.columns);
  if (!isShape(shape)) return notCompared(shape, topics);
  const log = new LogRows(node, tables);
  const ranges = await rangesOf(node, tables);
  const records = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const slices = slicesOf(context, Math.max(records, shape.rows));
  let read = 0;
  const onRecord = () => {
    if (++read % 10_000 === 0) context.onProgress(`comparing ${table}`, read);
  };
  const wanted = new LogSide({ shape, log, ranges, rangeSize, slices, setAside, onRecord });
  const found = ClickHouseSide.of({ node, ask, shape, rangeSize, slices });
  const compared = await compareSides(wanted, found, slices);
  const heldFrom = await heldFromOf(context, ranges, compared.wrong);
  const unjudged = await takeUnjudged(context, shape, heldFrom, compared.wrong);
  const naming = { node, shape, wrong: compared.wrong, found: seenRows(shape), namedMax: context.namedMax };
  const named = compared.wrong.size === 0 ? [] : await nameLogRows(naming, log, ranges, rangeSize);
  const told = heldFrom.map(({ topic, partition, start }) =>
    start > 0 ? `${topic}-${partition} from offset ${start} on` : `${topic}-${partition}, which is compacted`,
  );
  const report = reportOf({ against: topics, ...compared, unjudged, heldFrom: told, named, rangeSize, shape });
  return { report, wrong: compared.wrong, repairs: { kind: 'log', shape, log, ranges } };
}

/** Compares what the views of a table fill with what they make of it as it is: where it is wrong itself (`isRight`), that is told. */
export async function compareLookUps(
  context: StoreContext,
  { table, columns }: SinkTable,
  isRight: boolean,
): Promise<readonly TableComparison[]> {
  const { catalog } = context;
  const source = shapeOf(catalog, table, columns);
  if (!isShape(source)) return [];
  const comparisons: TableComparison[] = [];
  for (const lookUp of lookUpsOf(catalog, source)) {
    comparisons.push(isLookUp(lookUp) ? await compareLookUp(context, lookUp, isRight) : notCompared(lookUp, [table]));
  }
  return comparisons;
}

/** Compares one of them. */
export async function compareLookUp(context: StoreContext, lookUp: LookUp, isRight: boolean): Promise<TableComparison> {
  const { node, ask, rangeSize, namedMax } = context;
  const { table, shape, source } = lookUp;
  context.onProgress(`comparing ${table}`, 0);
  const slices = slicesOf(context, Math.max(source.rows, shape.rows));
  const both = { node, ask, shape, rangeSize, slices };
  const rows = (condition: string) => wantedOfLookUp(lookUp, condition);
  const compared = await compareSides(
    new ClickHouseSide({ ...both, read: source, rows }),
    ClickHouseSide.of(both),
    slices,
  );
  // A row that is missing is named by what the view makes of its source.
  const found = `SELECT * FROM (${rows('1')}) UNION ALL ${seenColumns(shape)}`;
  const naming = { node, shape, wrong: compared.wrong, found, namedMax };
  const named = compared.wrong.size === 0 ? [] : unique(await nameRows(naming));
  const report = reportOf({
    against: [isRight ? source.table : `${source.table}, which differs itself`],
    ...compared,
    unjudged: 0,
    heldFrom: [],
    named,
    rangeSize,
    shape,
  });
  return { report, wrong: compared.wrong, repairs: { kind: 'look-up', lookUp } };
}

function seenColumns({ table, columns }: TableShape): string {
  return `SELECT ${columns.map(({ name }) => `\`${name}\``).join(', ')} FROM ${table} FINAL`;
}

/** A different row stands in both halves of the query by which it is named. */
function unique(rows: readonly WrongRow[]): readonly WrongRow[] {
  return [...new Map(rows.map((row) => [`${row.kind} ${JSON.stringify(row.key)}`, row])).values()];
}

function slicesOf({ sliceKeysMax }: StoreContext, rows: number): number {
  return Math.max(1, Math.ceil(rows / sliceKeysMax));
}

/** Partitions that may have had more than they have. Looked at only where something is there of which the log knows nothing. */
async function heldFromOf(
  { node }: StoreContext,
  ranges: readonly LogRange[],
  wrong: KeyTable,
): Promise<readonly LogRange[]> {
  for (const entry of wrong.entries()) {
    if (wrong.mark(entry) !== EXTRA) continue;
    const cut: LogRange[] = [];
    for (const range of ranges) if (await isCut(node, range)) cut.push(range);
    return cut;
  }
  return ranges.filter(({ start }) => start > 0);
}

/** Takes rows out of the wrong ones that the log may have had, and counts them. */
async function takeUnjudged(
  { ask }: StoreContext,
  shape: TableShape,
  cut: readonly LogRange[],
  wrong: KeyTable,
): Promise<number> {
  if (cut.length === 0) return 0;
  const { origin } = shape;
  const extra = [...wrong.entries()].filter((entry) => wrong.mark(entry) === EXTRA);
  const judged = new Set<bigint>();
  for (let from = 0; origin !== undefined && from < extra.length; from += IDS_OF_QUERY) {
    const ids = extra.slice(from, from + IDS_OF_QUERY).map((entry) => idNumber(wrong.id(entry)));
    const gone = cut.map(({ topic, partition, start }) => {
      const place = `\`${origin.topic}\` = '${topic}' AND \`${origin.partition}\` = ${partition}`;
      return start > 0 ? `(${place} AND \`${origin.offset}\` < ${start})` : `(${place})`;
    });
    const rows = await ask<{ readonly id: string }>(
      `SELECT toString(${idSql(shape)}) AS id FROM (${seenRows(shape)}) WHERE ${idSql(shape)} IN (${ids.join(', ')}) AND NOT (${gone.join(' OR ')})`,
    );
    for (const { id } of rows) judged.add(BigInt(id));
  }
  let unjudged = 0;
  for (const entry of extra) {
    if (judged.has(idNumber(wrong.id(entry)))) continue;
    wrong.setMark(entry, 0);
    unjudged++;
  }
  return unjudged;
}

function notCompared({ table, reason, isFault }: NoShape, against: readonly string[]): TableComparison {
  const counts = { rows: 0, ranges: 0, missing: 0, different: 0, extra: 0, unjudged: 0 };
  const report = {
    table,
    against,
    ...counts,
    heldFrom: [],
    differing: [],
    named: [],
    days: [],
    reason,
    agrees: !isFault,
  };
  return { report, wrong: new KeyTable(), repairs: undefined };
}
