import { RowBinaryEncoder } from '../../../clickhouse/row-binary/encoder.ts';
import { HeadraceError } from '../../../errors.ts';
import type { HeadraceNode } from '../../node.ts';
import { type Ask, Catalog, splitName } from './catalog.ts';
import { LogRows, rangesOf } from './log-rows.ts';
import { RowInserts } from './repair-table.ts';
import { lookUpsOfAll } from './rewrite.ts';
import { isShape, shapeOf } from './table-shape.ts';

export type FillNode = Pick<
  HeadraceNode,
  'read' | 'watermarks' | 'topics' | 'formats' | 'query' | 'rewrite' | 'hold' | 'drain' | 'sink'
>;

export interface FillReport {
  readonly table: string;
  readonly rows: number;
}

export interface FillOptions {
  readonly node: FillNode;
  readonly ask: Ask;
  /** A table of the sink's, or one that a view fills; `transactions` is `headrace.transactions_rows` too. */
  readonly table: string;
  readonly onProgress: (doing: string, rows: number) => void;
}

/** What comes in while so little is read is soon behind: intake may be held for it. */
const TAIL_RECORDS_MAX = 20_000;
/** Where more comes in than can be read there is no end to wait for. */
const TAIL_ROUNDS_MAX = 20;

/**
 * Fills a table from the log while records come in and the sink goes on. What the sink writes meanwhile is the same rows, or later ones: those that came in since are
 * written once more behind what was filled, the last of them while intake is held, so that of two rows with one key and version the later one in the log stays.
 * Throws USAGE for a table that is none of the sink's, CLICKHOUSE_FAILED where it does not exist.
 */
export async function fillTable(options: FillOptions): Promise<FillReport> {
  const { node, ask, onProgress } = options;
  const table = resolveName(
    options.table,
    node.sink.tables.map((each) => each.table),
  );
  const tables = node.sink.tables.filter((each) => each.table === table);
  const catalog = await Catalog.of(
    ask,
    node.sink.tables.map((each) => each.table),
  );
  if (tables.length === 0) return fillLookUp(options, catalog);
  const shape = shapeOf(catalog, table, tables[0]!.columns);
  if (!isShape(shape) && shape.isFault)
    throw new HeadraceError('CLICKHOUSE_FAILED', `${table} can't be filled: ${shape.reason}`);
  const log = new LogRows(node, tables);
  const rows = new RowInserts(node, table, new RowBinaryEncoder(tables[0]!.columns));
  const write = async (from: ReadonlyMap<string, number>) => {
    const ranges = (await rangesOf(node, tables)).map((range) => ({
      ...range,
      start: Math.max(range.start, from.get(nameOf(range)) ?? 0),
    }));
    await log.each(ranges, (cells) => {
      if (rows.count % 10_000 === 0) onProgress(`filling ${table}`, rows.count);
      return rows.add(cells);
    });
    await rows.flush();
    return {
      ends: new Map(ranges.map((range) => [nameOf(range), range.end])),
      records: ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0),
    };
  };
  let written = await write(new Map());
  for (let round = 0; round < TAIL_ROUNDS_MAX && written.records > TAIL_RECORDS_MAX; round++) {
    written = await write(written.ends);
  }
  const hold = await node.hold();
  try {
    await node.drain();
    await write(written.ends);
  } finally {
    await hold.release();
  }
  return { table, rows: rows.count };
}

/** Of what is in the view's source; the view itself writes what comes in meanwhile. */
async function fillLookUp({ node, ask, table: given, onProgress }: FillOptions, catalog: Catalog): Promise<FillReport> {
  const tables = node.sink.tables;
  const lookUps = lookUpsOfAll(catalog, tables);
  const names = lookUps.map((each) => each.table);
  const table = resolveName(given, names);
  const lookUp = lookUps.find((each) => each.table === table);
  if (lookUp === undefined) {
    const known = [...new Set([...tables.map((each) => each.table), ...names])].sort().join(', ');
    throw new HeadraceError('USAGE', `${given} is no table that the log can fill; there are: ${known}`);
  }
  const { source } = lookUp;
  const [database, name] = splitName(source.table);
  const months = await ask<{ readonly partition: string; readonly rows: string }>(
    `SELECT partition, toString(sum(rows)) AS rows FROM system.parts WHERE active AND database = '${database}' AND table = '${name}' GROUP BY partition ORDER BY partition`,
  );
  let rows = 0;
  const parts = source.month === undefined ? [undefined] : months.map(({ partition }) => partition);
  for (const month of parts) {
    onProgress(`filling ${table}`, rows);
    await node.rewrite({ kind: 'copyMonth', table, month });
    rows += months
      .filter(({ partition }) => month === undefined || partition === month)
      .reduce((sum, each) => sum + Number(each.rows), 0);
  }
  return { table, rows };
}

function resolveName(given: string, names: readonly string[]): string {
  const wanted = given.replaceAll('`', '');
  return (
    [wanted, `headrace.${wanted}`, `headrace.${wanted}_rows`, `${wanted}_rows`].find((name) => names.includes(name)) ??
    wanted
  );
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`;
}
