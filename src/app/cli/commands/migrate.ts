import { Command } from 'commander';
import { openServer } from '../../../clickhouse/connection/server.ts';
import { type Migration, migrate, readMigrations } from '../../../clickhouse/migrations.ts';
import type { Clock } from '../../../clock.ts';
import { HeadraceError } from '../../../errors.ts';
import { openDataDirectory } from '../../../storage/data-directory.ts';
import { MIGRATIONS } from '../../migrations.ts';
import { openEmbeddedClickHouse } from '../../open-clickhouse.ts';
import { type CommandContext, type GlobalOptions, optionsOf } from '../context.ts';
import { write } from '../output.ts';

export function migrateCommand({ clock }: CommandContext): Command {
  return new Command('migrate')
    .description("bring ClickHouse's tables to this release, and say what was applied; every start does so too")
    .addHelpText(
      'after',
      '\nExamples:\n  headrace migrate --data ./data\n  headrace migrate --clickhouse http://clickhouse:8123 --json',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<object>(command);
      const applied = (await applyTo(options, clock)).map(({ file }) => file);
      const last = readMigrations(MIGRATIONS).at(-1)?.file;
      if (options.json) await write(process.stdout, `${JSON.stringify({ applied, last })}\n`);
      else
        await write(process.stdout, applied.length === 0 ? `Nothing to apply: ${last} is the last\n` : told(applied));
    });
}

async function applyTo(options: GlobalOptions, clock: Clock): Promise<readonly Migration[]> {
  const { clickhouse, data } = options;
  if (clickhouse !== undefined) {
    const server = openServer({ url: clickhouse });
    try {
      return await migrate(server, MIGRATIONS, clock);
    } finally {
      await server.close();
    }
  }
  const directory = openDataDirectory(data, { clock });
  try {
    if (directory.application !== undefined) {
      const message = `In ${data} the topology ${directory.application} works: its start makes its tables`;
      throw new HeadraceError('USAGE', message);
    }
    const store = await openEmbeddedClickHouse(directory.path, MIGRATIONS, clock);
    await store.close();
    return store.applied;
  } finally {
    await directory.close();
  }
}

function told(applied: readonly string[]): string {
  return applied.map((file) => `applied ${file}\n`).join('');
}
