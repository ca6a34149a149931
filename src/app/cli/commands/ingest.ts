import { Command } from 'commander';
import type { Clock } from '../../../clock.ts';
import { openNode } from '../../open-node.ts';
import { loadTopology } from '../../user-topology/loaded-topology.ts';
import { type CommandContext, type GlobalOptions, nodeOptionsOf, optionsOf } from '../context.ts';
import { type InputOptionValues, withInputOptions } from '../input-options.ts';
import { summaryText } from '../intake-summary.ts';
import { takeInAndDrain } from '../once.ts';
import { write } from '../output.ts';
import { exitCodeOf, takeInAndPrint } from '../topology-once.ts';
import { topologySummaryText } from '../topology-summary.ts';

export function ingestCommand({ clock, exit }: CommandContext): Command {
  const command = new Command('ingest')
    .description(
      'take a file into the ledger, or into a topology of your own (--topology), also while "headrace start" runs, and wait until it is processed',
    )
    .argument('<file>', 'NDJSON or CSV, plain or gzip; - for standard input')
    .addHelpText(
      'after',
      '\nExample:\n  headrace ingest bank.csv --map accountId=account --set currency=EUR --set kind=posting',
    );
  return withInputOptions(command).action(async (input: string, _options, own: Command) => {
    const options = optionsOf<InputOptionValues>(own);
    if (options.topology !== undefined) return exit(await ingestRecords(options, options.topology, input, clock));
    const node = await openNode({ ...nodeOptionsOf(options), clock, runsEngine: true, createsDirectory: true });
    try {
      const summary = await takeInAndDrain(node, { ...options, input }, clock);
      await write(process.stdout, options.json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
      if (summary.intake.appended === 0) exit(1);
    } finally {
      await node.close();
    }
  });
}

/** Into the topics that a user's topology reads. Resolves with the exit code. */
async function ingestRecords(options: GlobalOptions, file: string, input: string, clock: Clock): Promise<number> {
  const loaded = await loadTopology(file, options.application);
  const node = await openNode({ ...nodeOptionsOf(options), loaded, clock, runsEngine: true, createsDirectory: true });
  try {
    const summary = await takeInAndPrint(node, loaded, { ...options, input }, clock);
    await write(process.stdout, options.json ? `${JSON.stringify(summary)}\n` : topologySummaryText(summary));
    return exitCodeOf(summary, input);
  } finally {
    await node.close();
  }
}
