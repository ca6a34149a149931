import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import type { HeadraceNode } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import type { StateAnswer, StateRow } from '../../state/state-request.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { moment } from '../moment.ts';
import { wholeNumber } from '../numbers.ts';
import { write } from '../output.ts';

const EXAMPLES = `
Examples:
  headrace state list
  headrace state get accounts A-17
  headrace state range deadlines --application atm-dispense --limit 5

What is read is committed: never what a running engine has not committed yet. A key is text, or JSON where the store's keys are
numbers or objects. Rows are JSON, one a line; ranges are in the order of the keys' bytes.`;

/** Rows where no --limit is given. */
const LIMIT = 100;
const LIMIT_MAX = 10_000;

interface StateOptions {
  readonly application?: string;
  readonly asOf?: number;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
}

/** Reads the stores of the systems, beside a running process or alone. */
export function stateCommand({ clock }: CommandContext): Command {
  const command = new Command('state')
    .description('the stores of the systems, as they are committed')
    .addHelpText('after', EXAMPLES);
  of(command.command('list'))
    .description('name the stores and their kinds')
    .action((_options, own: Command) =>
      withNode(own, async (node, { application, json }) => {
        const { stores } = await node.state({ kind: 'list', application });
        const width = Math.max(0, ...stores.map((each) => each.store.length));
        for (const each of stores) {
          const text = `${each.store.padEnd(width)}  ${each.kind.padEnd('versioned'.length)}  ${each.application}`;
          if (!(await write(process.stdout, `${json ? JSON.stringify(each) : text}\n`))) return;
        }
      }),
    );
  limited(of(command.command('get')))
    .description('print the row of a key; of a windowed store its windows')
    .argument('<store>')
    .argument('<key>')
    .option('--as-of <rfc3339>', 'of a versioned store: what the row was at this time', moment)
    .action((store: string, key: string, _options, own: Command) =>
      withNode(own, async (node, { application, asOf, limit = LIMIT }) => {
        const answer = await node.state({ kind: 'get', application, store, key, asOf, limit });
        if (answer.rows.length === 0) throw new HeadraceError('INPUT_NOT_FOUND', `Store ${store} has no row ${key}`);
        await print(answer);
      }),
    );
  limited(of(command.command('range')))
    .description('print the rows between two keys, or all')
    .argument('<store>')
    .option('--from <key>', 'from this key on')
    .option('--to <key>', 'up to this key, not included')
    .action((store: string, _options, own: Command) =>
      withNode(own, async (node, { application, from, to, limit = LIMIT }) => {
        await print(await node.state({ kind: 'range', application, store, from, to, limit }));
      }),
    );
  return command;

  async function withNode(
    own: Command,
    action: (node: HeadraceNode, options: ReturnType<typeof optionsOf<StateOptions>>) => Promise<void>,
  ): Promise<void> {
    const options = optionsOf<StateOptions>(own);
    const node = await openNode({ ...nodeOptionsOf(options), clock });
    try {
      await action(node, options);
    } finally {
      await node.close();
    }
  }
}

function of(command: Command): Command {
  return command.option('--application <name>', 'of this system: account-ledger, atm-dispense or reconciliation');
}

function limited(command: Command): Command {
  return command.option('--limit <n>', `rows at most (${LIMIT})`, wholeNumber(1, LIMIT_MAX));
}

async function print({ rows, hasMore }: StateAnswer): Promise<void> {
  for (const row of rows) if (!(await write(process.stdout, `${JSON.stringify(timed(row))}\n`))) return;
  if (hasMore) process.stderr.write('There are more: --limit N, up to 10000, shows them\n');
}

function timed({ timestamp, window, ...row }: StateRow): Record<string, unknown> {
  return {
    ...row,
    ...(window === undefined ? {} : { window: { start: text(window.start), end: text(window.end) } }),
    ...(timestamp === undefined ? {} : { timestamp: text(timestamp) }),
  };
}

const text = (milliseconds: number) => new Date(milliseconds).toISOString();
