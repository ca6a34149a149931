import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import {
  CASE_STATUSES,
  type CaseCommand,
  type CaseStatus,
  DECISIONS,
  type Decision,
  type ReconciliationCase,
} from '../../../../topologies/reconciliation/events.ts';
import { HeadraceError } from '../../../errors.ts';
import { maskCardNumbers } from '../../../privacy/card-numbers.ts';
import { listCases } from '../../cases/list-cases.ts';
import { sendCaseCommand } from '../../cases/send-case-command.ts';
import { LocalNode } from '../../local-node.ts';
import type { HeadraceNode } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import { caseTable, caseText } from '../case-text.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { usesColour, write } from '../output.ts';

const EXAMPLES = `
Examples:
  headrace cases list --status open
  headrace cases show case:W-17
  headrace cases assign case:W-17 --to anna --by boris
  headrace cases resolve case:W-17 --decision refund --by anna --note "journal shows no dispense"
  headrace cases resolve case:W-17 --decision refund --by boris

What moves money (refund, re-debit) needs two different persons: the first resolve proposes it, the second one's
carries it out. A dismissal moves nothing and needs one.`;

interface AssignOptions {
  readonly to: string;
  readonly by: string;
}

interface ResolveOptions {
  readonly decision: Decision;
  readonly by: string;
  readonly taken?: string;
  readonly note?: string;
}

/** Withdrawals that a person must look at: listing, showing, assigning and resolving them. */
export function casesCommand({ clock, exit }: CommandContext): Command {
  const command = new Command('cases')
    .description('withdrawals in doubt, for the people who settle them')
    .addHelpText('after', EXAMPLES);
  command
    .command('list')
    .description('list cases: those that wait longest first, the resolved ones last')
    .addOption(new Option('--status <status>', 'with this status only').choices(CASE_STATUSES))
    .option('--terminal <id>', 'of this terminal only')
    .action(async (_options, own: Command) => {
      const { status, terminal, json } = optionsOf<{ status?: CaseStatus; terminal?: string }>(own);
      await withNode(own, async (node) => {
        const cases = await listCases(node, { status, terminalId: terminal });
        const text = json ? cases.map(summaryLine).join('') : caseTable(cases, usesColour(process.stdout));
        if (cases.length > 0) await write(process.stdout, text);
        else if (!json) await write(process.stderr, 'There are no such cases.\n');
      });
    });
  command
    .command('show')
    .description('show one case with its whole history: each event with topic, partition and offset')
    .argument('<case>', 'its id, such as case:W-17')
    .action(async (caseId: string, _options, own: Command) => {
      await withNode(own, async (node) => print(await required(node, caseId), own));
    });
  command
    .command('assign')
    .description('give a case to a person')
    .argument('<case>', 'its id')
    .requiredOption('--to <name>', 'who has it from now on')
    .requiredOption('--by <name>', 'who says so')
    .action(async (caseId: string, _options, own: Command) => {
      const { to, by } = optionsOf<AssignOptions>(own);
      await send({ commandId: randomUUID(), caseId, action: 'assign', by, to }, own);
    });
  command
    .command('resolve')
    .description('decide a case; what moves money needs the same decision of a second person')
    .argument('<case>', 'its id')
    .addOption(
      new Option('--decision <decision>', 'give back, debit again, or close without moving anything')
        .choices(DECISIONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--by <name>', 'who decides')
    .option('--taken <amount>', 'what was taken, where persons know better than the terminal, such as from counting')
    .option('--note <text>', 'why')
    .action(async (caseId: string, _options, own: Command) => {
      const { decision, by, taken, note } = optionsOf<ResolveOptions>(own);
      const why = { ...(note === undefined ? {} : { note }), ...(taken === undefined ? {} : { taken }) };
      await send({ commandId: randomUUID(), caseId, action: 'resolve', by, decision, ...why }, own);
    });
  return command;

  async function send(caseCommand: CaseCommand, own: Command): Promise<void> {
    await withNode(own, async (node) => {
      const outcome = await sendCaseCommand(node, caseCommand, { clock });
      if ('refusal' in outcome) {
        const { code, reason } = outcome.refusal;
        const text = optionsOf(own).json
          ? JSON.stringify({ refused: outcome.refusal })
          : `refused: ${reason} [${code}]`;
        await write(optionsOf(own).json ? process.stdout : process.stderr, `${maskCardNumbers(text)}\n`);
        exit(1);
        return;
      }
      await print(outcome.case, own);
      const { status, proposal } = outcome.case;
      if (caseCommand.action === 'resolve' && status === 'proposed') {
        const text = `Proposed: nothing has moved yet. Another person must confirm with "headrace cases resolve ${caseCommand.caseId} --decision ${proposal?.decision} --by NAME".\n`;
        await write(process.stderr, text);
      }
      if (status === 'resolving')
        await write(process.stderr, 'The ledger has not answered yet; look again in a moment.\n');
    });
  }

  async function withNode(own: Command, action: (node: HeadraceNode) => Promise<void>): Promise<void> {
    const node = await openNode({ ...nodeOptionsOf(optionsOf(own)), clock, runsEngine: true });
    try {
      // What an earlier process left behind is processed first; a running one is at it all the time.
      if (node instanceof LocalNode) await node.drain();
      await action(node);
    } finally {
      await node.close();
    }
  }
}

async function required(node: HeadraceNode, caseId: string): Promise<ReconciliationCase> {
  const found = await node.findCase(caseId);
  if (found !== undefined) return found;
  throw new HeadraceError('INPUT_INVALID', `There is no case ${caseId}; "headrace cases list" lists those there are`);
}

async function print(each: ReconciliationCase, own: Command): Promise<void> {
  const text = optionsOf(own).json ? `${JSON.stringify(each)}\n` : caseText(each, usesColour(process.stdout));
  await write(process.stdout, text);
}

/** Of a list: everything but the history. */
function summaryLine({ history: _history, ...each }: ReconciliationCase): string {
  return `${JSON.stringify(each)}\n`;
}
