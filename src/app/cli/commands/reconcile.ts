import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import type { HeadraceNode } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import { readJsonRows } from '../../query-rows.ts';
import { reconcile } from '../../reconcile/reconcile.ts';
import { fillTable } from '../../reconcile/store/fill.ts';
import { reconcileStore } from '../../reconcile/store/reconcile-store.ts';
import { type CommandContext, type GlobalOptions, nodeOptionsOf, optionsOf } from '../context.ts';
import { grouped, write } from '../output.ts';
import { printReconciliation, reconciliationJson } from '../reconciliation-report.ts';
import { RowsProgress } from '../rows-progress.ts';
import { storeJson, storeText } from '../store-text.ts';

interface ReconcileOptions {
  readonly all?: boolean;
  readonly rows: boolean;
  readonly repair?: boolean;
  readonly fill?: string;
}

/** So many wrong rows of a table are named with --all: each is held in memory. */
const NAMED_MAX = 10_000;

export function reconcileCommand({ clock, exit }: CommandContext): Command {
  return new Command('reconcile')
    .description("hold the input log against the engine's state against ClickHouse; exit 1 where they differ")
    .option('--all', 'list every difference rather than the first 20')
    .option('--no-rows', 'compare figures only, not row by row')
    .option('--repair', 'write again what ClickHouse has not as the log says, then compare once more')
    .option('--fill <table>', 'fill a new or emptied table of the sink from the log while records come in, and end')
    .addHelpText(
      'after',
      '\nCompared: counts, sums per currency, sequence, balance and holds of every account, withdrawals and cases by their state;\n' +
        'then every row that the sink has made of the log, by ranges and hashes, and the tables that views fill. What is under\n' +
        'way is processed first; what comes in meanwhile waits, but for --fill. Without --repair and --fill nothing is written.\n\n' +
        'Examples:\n  headrace reconcile --all\n  headrace reconcile --repair\n  headrace reconcile --fill transactions_rows',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<ReconcileOptions>(command);
      const { fill, repair, rows } = options;
      if ((fill !== undefined || !rows) && repair === true)
        throw new HeadraceError('USAGE', 'Use --repair alone: it compares rows, and fills what is missing by itself');
      const node = await openNode({ ...nodeOptionsOf(options), clock, runsEngine: true });
      const progress = new RowsProgress(process.stderr, clock);
      try {
        if (fill === undefined) await compare(node, options, progress, exit);
        else await fillFrom(node, fill, options, progress);
      } finally {
        progress.close();
        await node.close();
      }
    });
}

async function compare(
  node: HeadraceNode,
  options: ReconcileOptions & GlobalOptions,
  progress: RowsProgress,
  exit: (code: number) => void,
): Promise<void> {
  const { json = false, all = false, repair = false, rows, topology } = options;
  const hold = await node.hold();
  try {
    await node.drain();
    const named = all ? { namedMax: NAMED_MAX } : {};
    const store = rows
      ? await reconcileStore(node, { ...named, repairs: repair, onProgress: progress.update })
      : undefined;
    // Figures are those of the bank's systems; of a user's topology there are rows only.
    const report = topology === undefined ? await reconcile(node) : undefined;
    progress.close();
    const agrees = (report?.agrees ?? true) && (store?.agrees ?? true);
    if (json) {
      const figures = report === undefined ? {} : reconciliationJson(report, all);
      await write(process.stdout, `${JSON.stringify({ ...figures, ...storeJson(store, all), agrees })}\n`);
    } else {
      if (report !== undefined) await printReconciliation(report, all);
      if (store !== undefined) await write(process.stdout, storeText(store, all));
    }
    if (!agrees) exit(1);
  } finally {
    await hold.release();
  }
}

async function fillFrom(
  node: HeadraceNode,
  given: string,
  { json }: GlobalOptions,
  progress: RowsProgress,
): Promise<void> {
  const ask = <T>(sql: string) => readJsonRows<T>(node, sql);
  const report = await fillTable({ node, ask, table: given, onProgress: progress.update });
  progress.close();
  const text = `${report.table} is filled: ${grouped(report.rows)} rows of the log are in it. "headrace reconcile" compares them.`;
  await write(process.stdout, `${json ? JSON.stringify(report) : text}\n`);
}
