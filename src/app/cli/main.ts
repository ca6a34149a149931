import { Command, CommanderError, Option } from 'commander';
import { type ErrorCode, HeadraceError } from '../../errors.ts';
import { maskCardNumbers } from '../../privacy/card-numbers.ts';
import { VALUE_FORMATS } from '../formats/topic-formats.ts';
import { collectSeldom } from '../garbage-collection.ts';
import { packageVersion } from '../version.ts';
import { backupCommand } from './commands/backup.ts';
import { casesCommand } from './commands/cases.ts';
import { clickHouseCommand } from './commands/clickhouse.ts';
import { consumeCommand } from './commands/consume.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { ingestCommand } from './commands/ingest.ts';
import { migrateCommand } from './commands/migrate.ts';
import { produceCommand } from './commands/produce.ts';
import { queryCommand } from './commands/query.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { resetCommand } from './commands/reset.ts';
import { restoreCommand } from './commands/restore.ts';
import { simulateCommand } from './commands/simulate.ts';
import { sinkCommand } from './commands/sink.ts';
import { startCommand } from './commands/start.ts';
import { stateCommand } from './commands/state.ts';
import { topologyCommand } from './commands/topology.ts';
import { applyConfiguration, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { survivesErrors } from './output.ts';

/** Exit codes: done; refused or differing; wrong usage. */
export const EXIT = { done: 0, refused: 1, usage: 2 } as const;

const EXAMPLES = `
Examples:
  headrace start                                            everything in one process, on generated traffic
  headrace start --once --input transactions.csv.gz         take in a file, process it, reconcile, end
  headrace start --topology ./topology.ts                   a topology of your own
  headrace query "SELECT * FROM headrace.balances LIMIT 5"
  headrace consume ledger.transactions --max 3

headrace.config.ts (.mts, .js, .mjs) in the working directory gives options their defaults: defineConfig({ topology: './topology.ts', … }).
Environment: HEADRACE_DATA, HEADRACE_KAFKA, HEADRACE_CLICKHOUSE, HEADRACE_TOPOLOGY, HEADRACE_VALUE_FORMAT, HEADRACE_SCHEMA_REGISTRY (as the options), HEADRACE_KAFKA_TLS (true, or a
file with the authority's certificate), HEADRACE_KAFKA_SASL (plain, scram-sha-256, scram-sha-512, oauthbearer) with HEADRACE_KAFKA_USER and
HEADRACE_KAFKA_PASSWORD or HEADRACE_KAFKA_TOKEN_FILE, HEADRACE_STATE_SECRET (one for all instances that read each other's state),
HEADRACE_THREADS, HEADRACE_STANDBYS and HEADRACE_CLICKHOUSE_PORT (of start), those of tiers (of start and migrate; start --help has them), HEADRACE_LOG_LEVEL, HEADRACE_STALL_LIMIT_MS (an intake in which nothing moves for so long gives up; 120000), NO_COLOR
Exit codes: 0 done, 1 refused or differing, 2 wrong usage`;

const SCHEMA_REGISTRY = "a registry with Confluent's REST API, in place of the schemas that come with Headrace";
const KAFKA = 'HOST:PORT[,...] of Apache Kafka: the log is there, the data directory keeps the local state';
const CLICKHOUSE =
  'a ClickHouse server, http://user:password@host:8123; without it ClickHouse is in the data directory';
const TOPOLOGY =
  'a topology of your own, a module of TypeScript or JavaScript: it works on the log in place of the bank';

function valueFormat(): Option {
  return new Option('--value-format <format>', 'how values are written to topics (avro); both are read').choices(
    VALUE_FORMATS,
  );
}

/** Runs the command line; `argv` without node and script. Resolves with the exit code and never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  collectSeldom();
  survivesErrors(process.stdout, process.stderr);
  let exitCode: number = EXIT.done;
  const context: CommandContext = {
    clock: Date.now,
    exit: (code) => {
      exitCode = code;
    },
  };
  const program = new Command('headrace')
    .description('Exactly-once stream processing for money')
    .version(packageVersion(), '--version', 'print the version')
    .option('--data <directory>', 'the data directory', process.env.HEADRACE_DATA ?? './data')
    .option('--json', 'results as JSON, for machines')
    .addOption(valueFormat().default(process.env.HEADRACE_VALUE_FORMAT))
    .option('--schema-registry <url>', SCHEMA_REGISTRY, process.env.HEADRACE_SCHEMA_REGISTRY)
    .option('--kafka <brokers>', KAFKA, process.env.HEADRACE_KAFKA)
    .option('--clickhouse <url>', CLICKHOUSE, process.env.HEADRACE_CLICKHOUSE)
    .option('--topology <file>', TOPOLOGY, process.env.HEADRACE_TOPOLOGY)
    .hook('preAction', async (all, action) => {
      const configuration = await readConfiguration(process.cwd());
      applyConfiguration(action, configuration);
      all.setOptionValue('sinks', configuration.sinks);
    })
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError('(--help shows how)');
  const commands = [
    startCommand(context),
    ingestCommand(context),
    produceCommand(context),
    consumeCommand(context),
    queryCommand(context),
    topologyCommand(context),
    reconcileCommand(context),
    migrateCommand(context),
    clickHouseCommand(context),
    casesCommand(context),
    deadLettersCommand(context),
    resetCommand(context),
    stateCommand(context),
    sinkCommand(context),
    simulateCommand(context),
    backupCommand(context),
    restoreCommand(context),
  ];
  for (const command of commands) {
    // An option of the whole program may stand behind the command's name as well.
    command
      .option('--data <directory>', 'the data directory (default: $HEADRACE_DATA or ./data)')
      .option('--json', 'results as JSON, for machines')
      .addOption(valueFormat())
      .option('--schema-registry <url>', SCHEMA_REGISTRY)
      .option('--kafka <brokers>', KAFKA)
      .option('--clickhouse <url>', CLICKHOUSE)
      .option('--topology <file>', TOPOLOGY);
    for (const each of [command, ...command.commands]) each.exitOverride().showHelpAfterError('(--help shows how)');
    program.addCommand(command);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return exitCodeOf(error);
  }
}

const WRONG_USAGE: ReadonlySet<ErrorCode> = new Set(['USAGE', 'QUERY_UNKNOWN', 'PARAMETER_INVALID']);

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    const isHelp =
      error.exitCode === 0 || error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    return isHelp ? EXIT.done : EXIT.usage;
  }
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof HeadraceError ? ` [${error.code}]` : '';
  process.stderr.write(`headrace: ${maskCardNumbers(message)}${code}\n`);
  if (!(error instanceof HeadraceError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof HeadraceError && WRONG_USAGE.has(error.code) ? EXIT.usage : EXIT.refused;
}
