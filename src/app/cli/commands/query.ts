import { Command } from 'commander';
import type { Question } from '../../../clickhouse/queries/ask.ts';
import { namedQueries } from '../../../clickhouse/queries/registry.ts';
import type { QueryOutput } from '../../../clickhouse/query-format.ts';
import { HeadraceError } from '../../../errors.ts';
import { openNode } from '../../open-node.ts';
import { queryJson } from '../../query-json.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { listText, questionOf } from '../named-queries.ts';
import { usesColour, write } from '../output.ts';

interface QueryCommandOptions {
  readonly table?: boolean;
  readonly csv?: boolean;
  readonly name?: string;
  readonly param: readonly string[];
  readonly list?: boolean;
}

const HELP = `
Amounts and 64-bit numbers are texts in JSON, exact to the last digit. Queries with a name are those of sql/queries.

Examples:
  headrace query "SELECT currency, sum(booked) AS total FROM headrace.balances GROUP BY currency" --json
  headrace query --list
  headrace query --name last-transactions --param account=A-1 --param limit=20`;

export function queryCommand({ clock }: CommandContext): Command {
  return new Command('query')
    .description('ask ClickHouse in SQL, or by the name of a query; a table on a terminal, else an object a line')
    .argument('[sql]', 'the query; reading only')
    .option('--name <name>', 'a query with a name in place of SQL')
    .option('--param <name=value>', 'a parameter of it; once for each', (each, all: string[]) => [...all, each], [])
    .option('--list', 'the queries with a name, their parameters and what they answer')
    .option('--table', 'a table for people')
    .option('--csv', 'CSV with a head')
    .addHelpText('after', HELP)
    .action(async (sql: string | undefined, _options, command: Command) => {
      const options = optionsOf<QueryCommandOptions>(command);
      const { json, table, csv } = options;
      const chosen = (['json', 'table', 'csv'] as const).filter((output) => ({ json, table, csv })[output]);
      if (chosen.length > 1) throw new HeadraceError('USAGE', 'Choose one of --json, --table and --csv');
      const query = askedBy(sql, options);
      if (query === undefined) {
        await list(json === true);
        return;
      }
      const output: QueryOutput = chosen[0] ?? (process.stdout.isTTY ? 'table' : 'json');
      const node = await openNode({ ...nodeOptionsOf(options), clock });
      try {
        for await (const chunk of node.query(query, output, usesColour(process.stdout))) {
          if (!(await write(process.stdout, chunk))) break;
        }
      } finally {
        await node.close();
      }
    });
}

/** What is asked; undefined for the list. */
function askedBy(sql: string | undefined, { name, param, list }: QueryCommandOptions): string | Question | undefined {
  const ways = [sql, name, list].filter((way) => way !== undefined);
  if (ways.length !== 1) throw new HeadraceError('USAGE', 'Give one of SQL, --name and --list');
  if (name !== undefined) return questionOf(name, param);
  if (param.length > 0) throw new HeadraceError('USAGE', '--param belongs to --name');
  return sql;
}

async function list(isJson: boolean): Promise<void> {
  const queries = namedQueries();
  const text = isJson ? `${queries.map((query) => JSON.stringify(queryJson(query))).join('\n')}\n` : listText(queries);
  await write(process.stdout, text);
}
