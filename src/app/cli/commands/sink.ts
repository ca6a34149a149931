import { existsSync } from 'node:fs';
import { Command } from 'commander';
import type { ClickHouse } from '../../../clickhouse/clickhouse.ts';
import { forCluster } from '../../../clickhouse/cluster/cluster-script.ts';
import type { AskRows } from '../../../clickhouse/generic/table-plan.ts';
import type { Clock } from '../../../clock.ts';
import { HeadraceError } from '../../../errors.ts';
import { type OpenGenericSinks, openGenericSinks } from '../../generic-sink/open-generic-sinks.ts';
import { planSinks, type SinkPlan } from '../../generic-sink/plan-sinks.ts';
import { openNode } from '../../open-node.ts';
import { readJsonRows } from '../../query-rows.ts';
import { type CommandContext, type GlobalOptions, nodeOptionsOf, optionsOf } from '../context.ts';
import { write } from '../output.ts';
import { withOwnClickHouse } from '../own-clickhouse.ts';
import { sinkPlanJson, sinkPlanText } from '../sink-plan-text.ts';
import { withParser } from '../with-parser.ts';
import { workloadNames } from '../workload-names.ts';

const EXAMPLES = `
Examples:
  headrace sink plan                 what becomes of each field, and the statements; nothing is made
  headrace sink plan --cluster main  the statements for a cluster, replicated and sharded
  headrace sink apply payments       make the table headrace.payments, or add its new columns

The sinks stand in headrace.config.ts: defineConfig({ sinks: [{ topic: 'payments', table: 'payments', schema: './payment.avsc' }] }).
Exit code 1: a table is not what its topic needs, and can't be made so; the reasons say what to do.`;

/** Tables for topics with an Avro schema, by configuration. */
export function sinkCommand({ clock, exit }: CommandContext): Command {
  const command = new Command('sink')
    .description('tables in ClickHouse for topics with an Avro schema, as headrace.config.ts names them')
    .addHelpText('after', EXAMPLES);
  command
    .command('plan')
    .description('show each field with its column, and what would be run; nothing is made')
    .argument('[tables...]', 'only these')
    .option('--cluster <name>', 'the statements for this cluster, where none of the tables is yet')
    .action(async (tables: readonly string[], _options, own: Command) => {
      const options = optionsOf<{ readonly cluster?: string }>(own);
      const { cluster } = options;
      const plans = await withSinks(options, clock, tables, async (opened) => {
        if (cluster !== undefined) return plansForCluster(opened, cluster, clock);
        // A server may have the tables although nothing has ever run here.
        if (options.clickhouse !== undefined)
          return withOwnClickHouse(options, clock, ({ clickhouse }) => plansOf(opened, clickhouse), {
            isMigrated: false,
          });
        if (!existsSync(options.data)) return planSinks(opened, undefined);
        const node = await openNode({ ...nodeOptionsOf(options), clock });
        const ask: AskRows = (sql) => readJsonRows(node, sql);
        return planSinks(opened, ask).finally(() => node.close());
      });
      await tell(plans, options);
      exit(isRefused(plans) ? 1 : 0);
    });
  command
    .command('apply')
    .description(
      'make the tables that are missing, and add the columns of new fields; no other process may run on the data directory',
    )
    .argument('[tables...]', 'only these')
    .action(async (tables: readonly string[], _options, own: Command) => {
      const options = optionsOf(own);
      const plans = await withSinks(options, clock, tables, (opened) =>
        withOwnClickHouse(options, clock, async ({ clickhouse }) => {
          const found = await plansOf(opened, clickhouse);
          if (isRefused(found)) return found;
          // A topology without migrations has none yet.
          await clickhouse.command('CREATE DATABASE IF NOT EXISTS headrace');
          for (const { statements } of found) for (const statement of statements) await clickhouse.command(statement);
          return found;
        }),
      );
      await tell(plans, options);
      if (isRefused(plans))
        process.stderr.write(
          'headrace: nothing was made: mend what is refused first, or name the tables that are to be made\n',
        );
      exit(isRefused(plans) ? 1 : 0);
    });
  return command;
}

function plansOf(opened: OpenGenericSinks, clickhouse: ClickHouse): Promise<readonly SinkPlan[]> {
  return planSinks(opened, (sql) => clickhouse.rows(sql));
}

async function plansForCluster(opened: OpenGenericSinks, cluster: string, clock: Clock): Promise<readonly SinkPlan[]> {
  const plans = await planSinks(opened, undefined);
  return withParser(clock, async (parser) => {
    const made: SinkPlan[] = [];
    for (const plan of plans) made.push({ ...plan, statements: await forCluster(parser, plan.statements, cluster) });
    return made;
  });
}

async function withSinks(
  options: GlobalOptions,
  clock: Clock,
  tables: readonly string[],
  use: (opened: OpenGenericSinks) => Promise<readonly SinkPlan[]>,
): Promise<readonly SinkPlan[]> {
  const { sinks = [], schemaRegistry } = options;
  const unknown = tables.find((name) => !sinks.some(({ table }) => table === name));
  if (sinks.length === 0 || unknown !== undefined) {
    const there = sinks.length === 0 ? 'it names none' : `there are ${sinks.map(({ table }) => table).join(', ')}`;
    throw new HeadraceError(
      'USAGE',
      `headrace.config.ts names no sink${unknown === undefined ? '' : ` ${unknown}`}: ${there}`,
    );
  }
  const definitions = tables.length === 0 ? sinks : sinks.filter(({ table }) => tables.includes(table));
  const { sink, migrations } = await workloadNames(options);
  const opened = await openGenericSinks({ definitions, sink, migrations, schemaRegistry, clock });
  try {
    return await use(opened);
  } finally {
    opened.close();
  }
}

function isRefused(plans: readonly SinkPlan[]): boolean {
  return plans.some(({ action }) => action === 'refused');
}

async function tell(plans: readonly SinkPlan[], { json }: GlobalOptions): Promise<void> {
  const text = json ? plans.map((plan) => `${JSON.stringify(sinkPlanJson(plan))}\n`).join('') : sinkPlanText(plans);
  await write(process.stdout, text);
}
