import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import { storageError } from '../../../storage/storage-error.ts';
import { planDifferences } from '../../../streams/topology/diff/plan-diff.ts';
import { movesState } from '../../../streams/topology/diff/plan-difference.ts';
import { loadPlan } from '../../plans/load-plan.ts';
import { LEDGER } from '../../systems.ts';
import { type CommandContext, optionsOf } from '../context.ts';
import { write } from '../output.ts';
import { planDiffText } from '../plan-diff-text.ts';

const WHAT =
  'a system (account-ledger, atm-dispense, reconciliation) or a TypeScript or JavaScript module that exports a topology';

export function topologyCommand(context: CommandContext): Command {
  const command = new Command('topology')
    .description('print a topology: its text (as Kafka Streams prints it), or a Mermaid flowchart; compare two of them')
    .addHelpText(
      'after',
      '\nExamples:\n  headrace topology --mermaid > topology.mmd\n  headrace topology atm-dispense\n' +
        '  headrace topology ./payments.mjs --save before.json\n  headrace topology diff before.json ./payments.mjs',
    );
  printing(command);
  printing(command.command('describe')).description('the same');
  command
    .command('diff')
    .description('say what would become of the state of an application that goes on with another topology')
    .argument('<before>', `${WHAT}, or a plan saved with --save`)
    .argument('<after>', 'the same')
    .addHelpText(
      'after',
      '\nExamples:\n  headrace topology diff before.json ./payments.mjs\n\n' +
        'Exit code 0: nothing moves state. 1: something does; "loses" tells what would be orphaned or read wrongly,\n' +
        '"changes" what stays and is not as before.',
    )
    .action(async (before: string, after: string, _options, own: Command) => {
      const differences = planDifferences((await loadPlan(before)).plan, (await loadPlan(after)).plan);
      const isMoved = movesState(differences);
      const { json } = optionsOf(own);
      const text = json ? `${JSON.stringify({ movesState: isMoved, differences })}\n` : planDiffText(differences);
      await write(process.stdout, text);
      context.exit(isMoved ? 1 : 0);
    });
  return command;
}

/** Prints a topology: the one that is named, that of `--topology` or the configuration, else the ledger's. */
function printing(command: Command): Command {
  return command
    .argument('[system]', `${WHAT} (what --topology says, else ${LEDGER})`)
    .option('--mermaid', 'a Mermaid flowchart')
    .option('--save <file>', 'write its plan as JSON, to be compared with later')
    .action(async (system: string | undefined, _options, own: Command) => {
      const { mermaid, save, json, topology: file = LEDGER } = optionsOf<{ mermaid?: boolean; save?: string }>(own);
      const name = system ?? file;
      const { topology, plan } = await loadPlan(name);
      if (topology === undefined) {
        throw new HeadraceError('USAGE', `${name} is a saved plan: it can be compared ("headrace topology diff")`);
      }
      if (save !== undefined) savePlan(save, plan);
      const text = mermaid ? topology.describeAsMermaid() : topology.describe();
      if (json) await write(process.stdout, `${JSON.stringify({ topology: text, plan })}\n`);
      else if (save === undefined) await write(process.stdout, text);
    });
}

function savePlan(file: string, plan: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (error) {
    throw storageError(error, `writing ${file}`);
  }
}
