import { Command } from 'commander';
import { clusterScript } from '../../../clickhouse/cluster/cluster-script.ts';
import { appliedMigrations, type Migration, readMigrations } from '../../../clickhouse/migrations.ts';
import { splitStatements } from '../../../clickhouse/sql-statements.ts';
import type { TierOptions } from '../../../clickhouse/tiers/tier-settings.ts';
import { tierStatements } from '../../../clickhouse/tiers/tier-statements.ts';
import type { Clock } from '../../../clock.ts';
import { HeadraceError } from '../../../errors.ts';
import { type CommandContext, type GlobalOptions, optionsOf } from '../context.ts';
import { wholeNumber } from '../numbers.ts';
import { write } from '../output.ts';
import { withOwnClickHouse } from '../own-clickhouse.ts';
import { tiersOf, withTierOptions } from '../tiers.ts';
import { withParser } from '../with-parser.ts';
import { workloadNames } from '../workload-names.ts';

interface MigrateOptions extends TierOptions {
  readonly list?: boolean;
  readonly print?: boolean;
  readonly cluster?: string;
  readonly from?: number;
}

const EXAMPLES = `
Examples:
  headrace migrate                                       bring the tables to this release, as a start does
  headrace migrate --clickhouse http://clickhouse:8123   the same on a server
  headrace migrate --list                                which migrations there are, and which are applied
  headrace migrate --print --cluster main > cluster.sql  the same tables for a cluster, replicated and sharded
  headrace migrate --print --cluster main --from 3       what came behind migration 003
  headrace migrate --print --cluster main --from 5 --storage-policy tiered   what came behind 005, and the tiers

docs/CLUSTER.md says how a cluster is set up from them.`;

/** ClickHouse's tables: applied, listed, or printed for a server or cluster. */
export function migrateCommand({ clock }: CommandContext): Command {
  const command = new Command('migrate')
    .description(
      "bring ClickHouse's tables to this release and to their tiers, or print the statements for a server or cluster",
    )
    .option('--list', 'say which migrations there are and which are applied; nothing is done')
    .option('--print', 'print the statements; nothing is done')
    .option('--cluster <name>', 'with --print: for this cluster, with users, quotas and policies')
    .option('--from <n>', 'with --print: only the migrations behind this one', wholeNumber(0))
    .addHelpText('after', EXAMPLES);
  return withTierOptions(command).action(async (_options, own: Command) => {
    const options = optionsOf<MigrateOptions>(own);
    const { list = false, print = false, cluster, from } = options;
    if (!print && (cluster !== undefined || from !== undefined)) throw usage('--cluster and --from go with --print');
    if (print && list) throw usage('Choose one of --list and --print');
    const { migrations: directory } = await workloadNames(options);
    if (directory === undefined) throw usage('The topology names no migrations');
    const migrations = readMigrations(directory);
    const text = print
      ? await printed(migrations, options, clock)
      : list
        ? await listed(migrations, options, clock)
        : await applied(migrations, options, clock);
    await write(process.stdout, text);
  });
}

async function applied(
  migrations: readonly Migration[],
  options: MigrateOptions & GlobalOptions,
  clock: Clock,
): Promise<string> {
  const files = await withOwnClickHouse(options, clock, async (store) => store.applied.map(({ file }) => file), {
    tiers: tiersOf(options),
  });
  const last = migrations.at(-1)?.file;
  if (options.json) return `${JSON.stringify({ applied: files, last })}\n`;
  return files.length === 0 ? `Nothing to apply: ${last} is the last\n` : `Applied: ${files.join(', ')}\n`;
}

async function listed(migrations: readonly Migration[], options: GlobalOptions, clock: Clock): Promise<string> {
  const recorded = await withOwnClickHouse(options, clock, ({ clickhouse }) => appliedMigrations(clickhouse), {
    isMigrated: false,
  });
  const own = migrations.map(({ number, file, checksum }) => {
    const record = recorded.get(number);
    const state = record === undefined ? 'missing' : record.checksum === checksum ? 'applied' : 'changed';
    return { number, file, state };
  });
  // Of a later release: what a start refuses as MIGRATION_NEWER.
  const newer = [...recorded].filter(([number]) => number > migrations.length);
  const rows = [...own, ...newer.map(([number, { file }]) => ({ number, file, state: 'newer' }))];
  if (options.json) return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return rows.map(({ file, state }) => `${state.padEnd(7)}  ${file}\n`).join('');
}

async function printed(
  migrations: readonly Migration[],
  { cluster, from = 0, json, ...options }: MigrateOptions & GlobalOptions,
  clock: Clock,
): Promise<string> {
  if (from > migrations.length) throw usage(`The last migration is ${migrations.length}`);
  const tiers = tierStatements(tiersOf(options));
  const statements =
    cluster === undefined
      ? [...migrations.filter(({ number }) => number > from).flatMap(({ sql }) => splitStatements(sql)), ...tiers]
      : await withParser(clock, (parser) => clusterScript(parser, migrations, { cluster, from, tiers }));
  return json
    ? statements.map((statement) => `${JSON.stringify({ statement })}\n`).join('')
    : statements.map((statement) => `${statement};\n\n`).join('');
}

function usage(message: string): HeadraceError {
  return new HeadraceError('USAGE', message);
}
