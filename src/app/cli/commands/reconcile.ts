import { Command } from 'commander';
import { openNode } from '../../open-node.ts';
import { reconcileAtRest } from '../../reconcile/reconcile.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { printReconciliation } from '../reconciliation-report.ts';

export function reconcileCommand({ clock, exit }: CommandContext): Command {
  return new Command('reconcile')
    .description("hold the input log against the engine's state against ClickHouse; exit 1 where they differ")
    .option('--all', 'list every difference rather than the first 20')
    .addHelpText(
      'after',
      '\nCompared: counts, sums per currency, sequence, balance and holds of every account, withdrawals and cases by their state. What is under way is processed first; what comes in meanwhile waits.\n\nExample:\n  headrace reconcile --all',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<{ all?: boolean }>(command);
      const { json, all } = options;
      const node = await openNode({ ...nodeOptionsOf(options), clock, runsEngine: true });
      try {
        const report = await reconcileAtRest(node);
        await printReconciliation(report, json ?? false, all ?? false);
        if (!report.agrees) exit(1);
      } finally {
        await node.close();
      }
    });
}
