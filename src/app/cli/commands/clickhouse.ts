import { Command } from 'commander';
import { openStore } from '../../../clickhouse/store.ts';
import { HeadraceError } from '../../../errors.ts';
import { openDataDirectory } from '../../../storage/data-directory.ts';
import { ReadingRunner } from '../../http/clickhouse/reading-runner.ts';
import { serveClickHouse } from '../../http/clickhouse/serve-clickhouse.ts';
import { WritingRunner } from '../../http/clickhouse/writing-runner.ts';
import { clickHouseIn } from '../../open-clickhouse.ts';
import { type CommandContext, optionsOf } from '../context.ts';
import { onEndSignals } from '../end-signals.ts';
import { PORT_MAX } from '../limits.ts';
import { wholeNumber } from '../numbers.ts';

const INTERRUPTED = 130;
const PORT = 8123;

interface ClickHouseOptions {
  readonly port: number;
  readonly allowWrites?: boolean;
}

export function clickHouseCommand({ clock }: CommandContext): Command {
  return new Command('clickhouse')
    .description("serve a data directory's ClickHouse alone, by ClickHouse's HTTP interface on loopback, until stopped")
    .option('--port <n>', 'where; 0 takes a free port', wholeNumber(0, PORT_MAX), PORT)
    .option(
      '--allow-writes',
      'let everyone of this machine write, read files and reach hosts by it: to try what needs a server, not for money',
    )
    .addHelpText(
      'after',
      '\nNothing else runs: no log, no ledger, no migrations. "headrace start" serves the same for reading while it works.\n\n' +
        'Example:\n  headrace clickhouse --data ./try --port 8124 --allow-writes\n' +
        '  headrace start --data ./data --clickhouse http://127.0.0.1:8124',
    )
    .action(async (_options, command: Command) => {
      const { data, port, allowWrites = false, clickhouse } = optionsOf<ClickHouseOptions>(command);
      if (clickhouse !== undefined)
        throw new HeadraceError(
          'USAGE',
          'This serves the ClickHouse of --data; leave --clickhouse and HEADRACE_CLICKHOUSE away',
        );
      const directory = openDataDirectory(data, { clock });
      try {
        const path = clickHouseIn(directory.path);
        const store = await openStore({ at: { path }, migrationsDirectory: undefined, clock });
        const writing = allowWrites ? new WritingRunner(store, path) : undefined;
        try {
          const server = await serveClickHouse(writing ?? new ReadingRunner(() => Promise.resolve(store)), port);
          process.stderr.write(`serving at ${server.address}${allowWrites ? ', also for writing' : ''}\n`);
          const stopListening = await ended(clock);
          await server.close();
          stopListening();
        } finally {
          writing?.close();
          await store.close();
        }
      } finally {
        await directory.close();
      }
    });
}

/** Resolves at the first signal to end, with what ends listening; a further signal ends the process at once. */
function ended(clock: CommandContext['clock']): Promise<() => void> {
  return new Promise((resolve) => {
    const stopListening = onEndSignals({
      source: process,
      clock,
      onFirst: () => resolve(stopListening),
      onFurther: () => process.exit(INTERRUPTED),
    });
  });
}
