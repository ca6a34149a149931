import { Command } from 'commander';
import type { TierOptions } from '../../../clickhouse/tiers/tier-settings.ts';
import type { Clock } from '../../../clock.ts';
import { HeadraceError } from '../../../errors.ts';
import { PARKED_KEYS_MAX } from '../../../runtime/parked-keys.ts';
import { loadTopology } from '../../user-topology/loaded-topology.ts';
import { type CommandContext, type GlobalOptions, optionsOf } from '../context.ts';
import { type InputOptionValues, withInputOptions } from '../input-options.ts';
import { PARTITIONS_MAX, PORT_MAX, PRINT_MAX } from '../limits.ts';
import { runLive } from '../live-run.ts';
import { wholeNumber } from '../numbers.ts';
import { runOnce } from '../once.ts';
import { PARKED_KEYS_LIMIT } from '../park-keys.ts';
import { type ServeOptionValues, withServeOptions } from '../serve-options.ts';
import { STANDBYS_MAX } from '../standbys.ts';
import { THREADS_MAX, threadsOf } from '../threads.ts';
import { withTierOptions } from '../tiers.ts';
import { type ToolsOptionValues, withToolsOption } from '../tools.ts';
import { runTopologyLive } from '../topology-live.ts';
import { PRINTED_RECORDS, runTopologyOnce } from '../topology-once.ts';

/** More than any machine takes in; a tick's batch stays in memory. */
const RATE_MAX = 1_000_000;

/** A day: a terminal that has said nothing for so long says nothing any more. */
const DISPENSE_LIMIT_MAX = 86_400;

export interface StartOptions extends InputOptionValues, ServeOptionValues, ToolsOptionValues, TierOptions {
  readonly once?: boolean;
  readonly input?: string;
  readonly port: number;
  readonly rate: number;
  readonly traffic: boolean;
  readonly partitions?: number;
  readonly businessZone?: string;
  /** Seconds. */
  readonly dispenseLimit: number;
  /** How many keys may wait; true for as many as usual. */
  readonly parkKeys?: number | true;
  readonly allowTopologyChange?: boolean;
  readonly threads?: number;
  readonly standbys?: number;
  /** Records of each output topic, of a user's topology. */
  readonly print?: number;
}

export function startCommand(context: CommandContext): Command {
  const command = new Command('start')
    .description(
      'run everything in this process: log, ledger, withdrawals and ClickHouse; on generated traffic, or once over a file. With --topology: a topology of your own',
    )
    .option('--once', 'take in --input, process it to the end, print a summary, reconcile, and end')
    .option('--input <file>', 'NDJSON or CSV, plain or gzip; - for standard input')
    .option('--application <name>', 'with --topology: names its group, state and internal topics (what the file says)')
    .option(
      '--print <n>',
      `with --topology and --once: so many records of each output topic (${PRINTED_RECORDS})`,
      wholeNumber(0, PRINT_MAX),
    )
    .option('--port <n>', 'serve HTTP at this port; 0 takes a free one', wholeNumber(0, PORT_MAX), 8080)
    .option(
      '--rate <n>',
      'generated transactions a second; withdrawals come to one in forty',
      wholeNumber(1, RATE_MAX),
      200,
    )
    .option('--no-traffic', 'generate none')
    .option(
      '--partitions <n>',
      'partitions of a new data directory (8; with --topology of topics that are missing, 1); fixed from then on',
      wholeNumber(1, PARTITIONS_MAX),
    )
    .option(
      '--dispense-limit <seconds>',
      'how long a terminal may take to say how a dispense went, before it is unknown',
      wholeNumber(1, DISPENSE_LIMIT_MAX),
      30,
    )
    .option(
      '--allow-topology-change',
      'go on where a topology of another release would lose state of the one before; else that is refused',
    )
    .option(
      '--park-keys [n]',
      `later records of a key wait behind its dead letter (see "headrace dlq"); at most so many keys of a partition (${PARKED_KEYS_MAX}, or $HEADRACE_PARK_KEYS)`,
      wholeNumber(1, PARKED_KEYS_LIMIT),
    )
    .option(
      '--threads <n>',
      'with --kafka: so many threads share the partitions (1, or $HEADRACE_THREADS)',
      wholeNumber(1, THREADS_MAX),
    )
    .option(
      '--standbys <n>',
      "on Kafka: copies of each partition's state on other instances, which take over from there (0, or $HEADRACE_STANDBYS)",
      wholeNumber(0, STANDBYS_MAX),
    )
    .option('--business-zone <zone>', 'IANA time zone in which the days begin (UTC)')
    .addHelpText(
      'after',
      '\nExamples:\n  headrace start --rate 1000\n' +
        '  headrace start --once --input bank.csv.gz --map transactionId=trans_id --map accountId=account_id \\\n' +
        '      --map occurredAt=date --set currency=CZK --set kind=posting\n\n' +
        '  headrace start --topology ./topology.ts --once --input words.ndjson\n\n' +
        'A line of the input of a topology is {"topic": ..., "key": ..., "value": ..., "timestamp": ..., "partition": ...}: all but the\n' +
        'value may be left out, the topic where there is only one. Its exit code is 0 when every line was taken in and processed; 1 when\n' +
        'lines were refused, or records became dead letters.\n\n' +
        'With --once the exit code is 0 when all that was taken in is processed and log, state and ClickHouse agree;\n' +
        'refused transactions are reported and do not change it. It is 1 when they differ, or no row was usable.',
    );
  return withInputOptions(withTierOptions(withServeOptions(withToolsOption(command)))).action(
    async (_options, own: Command) => {
      const options = optionsOf<StartOptions>(own);
      checkZone(options.businessZone);
      const threads = threadsOf(options);
      if (options.topology !== undefined) {
        context.exit(await runTopology({ ...options, threads, topology: options.topology }, context.clock));
        return;
      }
      if (options.once !== true) {
        if (options.input !== undefined)
          throw new HeadraceError(
            'USAGE',
            '--input goes with --once; "headrace ingest FILE" takes a file into a running process',
          );
        context.exit(await runLive({ ...options, threads }, context.clock));
        return;
      }
      if (options.input === undefined)
        throw new HeadraceError('USAGE', '--once needs --input FILE (or - for standard input)');
      if (threads > 1) {
        throw new HeadraceError(
          'USAGE',
          '--once goes with one thread. "headrace ingest FILE" takes a file into a process with several',
        );
      }
      context.exit(await runOnce({ ...options, input: options.input }, context.clock));
    },
  );
}

async function runTopology(
  options: StartOptions & GlobalOptions & { readonly topology: string },
  clock: Clock,
): Promise<number> {
  const { topology, application, threads = 1, once = false, input } = options;
  const bank = (['map', 'set', 'format', 'businessZone'] as const).find((name) => options[name] !== undefined);
  if (bank !== undefined) {
    const option = bank.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new HeadraceError('USAGE', `--${option} is for transactions of the bank; leave it away with --topology`);
  }
  if (threads > 1) {
    throw new HeadraceError(
      'USAGE',
      'A topology of your own runs in one thread of a process: start several processes, each with a data directory of its own',
    );
  }
  if (once && input === undefined)
    throw new HeadraceError('USAGE', '--once needs --input FILE (or - for standard input)');
  if (!once && input !== undefined) throw new HeadraceError('USAGE', '--input goes with --once');
  const loaded = await loadTopology(topology, application);
  return input === undefined
    ? runTopologyLive(loaded, options, clock)
    : runTopologyOnce(loaded, { ...options, input }, clock);
}

function checkZone(zone: string | undefined): void {
  try {
    if (zone !== undefined) new Intl.DateTimeFormat('en-US', { timeZone: zone });
  } catch {
    throw new HeadraceError('USAGE', `${zone} is not a time zone; use an IANA name such as Europe/Prague`);
  }
}
