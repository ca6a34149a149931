import { Command } from 'commander';
import { accountLedger } from '../../../../topologies/account-ledger/topology.ts';
import { type CommandContext, optionsOf } from '../context.ts';
import { write } from '../output.ts';

export function topologyCommand(_context: CommandContext): Command {
  return new Command('topology')
    .description('print the topology: its text (as Kafka Streams prints it), or a Mermaid flowchart')
    .option('--mermaid', 'a Mermaid flowchart')
    .addHelpText('after', '\nExample:\n  headrace topology --mermaid > topology.mmd')
    .action(async (_options, command: Command) => {
      const { mermaid, json } = optionsOf<{ mermaid?: boolean }>(command);
      const topology = accountLedger();
      const text = mermaid ? topology.describeAsMermaid() : topology.describe();
      await write(process.stdout, json ? `${JSON.stringify({ topology: text })}\n` : text);
    });
}
