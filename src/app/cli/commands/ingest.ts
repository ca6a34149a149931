import { Command } from 'commander';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { type InputOptionValues, withInputOptions } from '../input-options.ts';
import { summaryText } from '../intake-summary.ts';
import { takeInAndDrain } from '../once.ts';
import { write } from '../output.ts';

export function ingestCommand({ clock, exit }: CommandContext): Command {
  const command = new Command('ingest')
    .description('take a file into the ledger, also while "headrace start" runs, and wait until it is in ClickHouse')
    .argument('<file>', 'NDJSON or CSV, plain or gzip; - for standard input')
    .addHelpText(
      'after',
      '\nExample:\n  headrace ingest bank.csv --map accountId=account --set currency=EUR --set kind=posting',
    );
  return withInputOptions(command).action(async (input: string, _options, own: Command) => {
    const options = optionsOf<InputOptionValues>(own);
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
