import type { HeadraceNode } from '../../node.ts';
import { readJsonRows } from '../../query-rows.ts';
import { type Ask, Catalog } from './catalog.ts';
import {
  compareLookUp,
  compareLookUps,
  compareTable,
  type StoreContext,
  type TableComparison,
} from './compare-table.ts';
import { setAsideBy } from './log-rows.ts';
import { type Repaired, repairTable } from './repair-table.ts';
import type { TableReport } from './table-report.ts';

export interface StoreReport {
  readonly agrees: boolean;
  /** As they are in the end. */
  readonly tables: readonly TableReport[];
  /** What a repair found and wrote, for each table in which it did. */
  readonly repaired: readonly RepairedTable[];
}

export interface RepairedTable extends Repaired {
  /** As it was found. */
  readonly found: TableReport;
}

export type StoreNode = Pick<HeadraceNode, 'read' | 'watermarks' | 'topics' | 'formats' | 'query' | 'rewrite' | 'sink'>;

export interface StoreOptions {
  /** Whether what differs is written again. */
  readonly repairs?: boolean;
  /** How many wrong rows of each table are named. */
  readonly namedMax?: number;
  readonly sliceKeysMax?: number;
  readonly onProgress?: (doing: string, rows: number) => void;
}

const NAMED_DEFAULT = 1_000;
/** 150 MB of memory at most. */
const SLICE_KEYS_MAX = 2_000_000;
const RANGE_MIN = 1_024;
const RANGES = 64;

/**
 * Holds every row that the sink should have written against what readers see in ClickHouse, and look-ups against their tables. Everything must be at rest (see
 * reconcileAtRest). With `repairs` what differs is written again and compared once more.
 */
export async function reconcileStore(node: StoreNode, options: StoreOptions = {}): Promise<StoreReport> {
  const { repairs = false, namedMax = NAMED_DEFAULT, sliceKeysMax = SLICE_KEYS_MAX, onProgress = () => {} } = options;
  const ask: Ask = (sql) => readJsonRows(node, sql);
  const names = [...new Set(node.sink.tables.map(({ table }) => table))];
  const context: StoreContext = {
    node,
    ask,
    catalog: await Catalog.of(ask, names),
    setAside: await setAsideBy(node, node.sink.name),
    rangeSize: await rangeSizeOf(node),
    sliceKeysMax,
    namedMax,
    onProgress,
  };
  const tables: TableReport[] = [];
  const repaired: RepairedTable[] = [];
  const settle = async (comparison: TableComparison, again: () => Promise<TableComparison>) => {
    let last = comparison;
    if (repairs && !last.report.agrees && last.repairs !== undefined) {
      const done = await repairTable({ ...context, node }, last);
      repaired.push({ found: last.report, ...done });
      last = await again();
    }
    tables.push(last.report);
  };
  for (const name of names) {
    const own = node.sink.tables.filter(({ table }) => table === name);
    const compare = () => compareTable(context, name, own);
    await settle(await compare(), compare);
    const isRight = tables.at(-1)!.agrees;
    // Behind the table, whose repair goes through its views as well.
    for (const lookUp of await compareLookUps(context, own[0]!, isRight)) {
      await settle(lookUp, async () =>
        lookUp.repairs?.kind === 'look-up' ? compareLookUp(context, lookUp.repairs.lookUp, isRight) : lookUp,
      );
    }
  }
  return { agrees: tables.every(({ agrees }) => agrees), tables, repaired };
}

/** So that the longest partition of an input has as many ranges as a report can be read of. */
async function rangeSizeOf(node: Pick<HeadraceNode, 'topics' | 'watermarks'>): Promise<number> {
  let longest = 0;
  for (const { name } of await node.topics()) {
    for (const { end } of await node.watermarks(name)) longest = Math.max(longest, end);
  }
  return Math.max(RANGE_MIN, Math.ceil(longest / RANGES));
}
