import { Argument, Command } from 'commander';
import { ATM_DISPENSE, LEDGER, RECONCILIATION, systemsOf } from '../../systems.ts';
import { type CommandContext, optionsOf } from '../context.ts';
import { write } from '../output.ts';

export function topologyCommand(_context: CommandContext): Command {
  return new Command('topology')
    .description('print a topology: its text (as Kafka Streams prints it), or a Mermaid flowchart')
    .addArgument(
      new Argument('[system]', 'whose topology').choices([LEDGER, ATM_DISPENSE, RECONCILIATION]).default(LEDGER),
    )
    .option('--mermaid', 'a Mermaid flowchart')
    .addHelpText('after', '\nExamples:\n  headrace topology --mermaid > topology.mmd\n  headrace topology atm-dispense')
    .action(async (system: string, _options, command: Command) => {
      const { mermaid, json } = optionsOf<{ mermaid?: boolean }>(command);
      const { topology } = systemsOf({}).find(({ application }) => application === system)!;
      const text = mermaid ? topology.describeAsMermaid() : topology.describe();
      await write(process.stdout, json ? `${JSON.stringify({ topology: text })}\n` : text);
    });
}
