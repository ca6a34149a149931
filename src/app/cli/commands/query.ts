import { Command } from 'commander';
import type { QueryOutput } from '../../../clickhouse/query-format.ts';
import { HeadraceError } from '../../../errors.ts';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { usesColour, write } from '../output.ts';

export function queryCommand({ clock }: CommandContext): Command {
  return new Command('query')
    .description('ask ClickHouse in SQL; a table on a terminal, else an object a line')
    .argument('<sql>', 'the query; reading only')
    .option('--table', 'a table for people')
    .option('--csv', 'CSV with a head')
    .addHelpText(
      'after',
      '\nAmounts and 64-bit numbers are texts in JSON, exact to the last digit.\n\nExample:\n  headrace query "SELECT currency, sum(booked) AS total FROM headrace.balances GROUP BY currency" --json',
    )
    .action(async (sql: string, _options, command: Command) => {
      const options = optionsOf<{ table?: boolean; csv?: boolean }>(command);
      const { json, table, csv } = options;
      const chosen = (['json', 'table', 'csv'] as const).filter((output) => ({ json, table, csv })[output]);
      if (chosen.length > 1) throw new HeadraceError('USAGE', 'Choose one of --json, --table and --csv');
      const output: QueryOutput = chosen[0] ?? (process.stdout.isTTY ? 'table' : 'json');
      const node = await openNode({ ...nodeOptionsOf(options), clock });
      try {
        for await (const chunk of node.query(sql, output, usesColour(process.stdout))) {
          if (!(await write(process.stdout, chunk))) break;
        }
      } finally {
        await node.close();
      }
    });
}
