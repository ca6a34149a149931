import { Command } from 'commander';
import { checkBackup, restoreBackup } from '../../backup/restore-backup.ts';
import { packageVersion } from '../../version.ts';
import { type CommandContext, optionsOf } from '../context.ts';
import { CopyProgress, mib } from '../copy-progress.ts';
import { interruptible } from '../interruptible.ts';
import { write } from '../output.ts';
import { interrupted } from './backup.ts';

export function restoreCommand({ clock }: CommandContext): Command {
  return new Command('restore')
    .description(
      'make a new data directory (--data) from a backup, after every byte of it was compared with its manifest',
    )
    .argument('<backup>', 'the directory that "headrace backup" made')
    .option('--check', 'only read and compare it; nothing is written')
    .addHelpText(
      'after',
      '\nExamples:\n  headrace restore /backup/2026-01-31 --check\n  headrace restore /backup/2026-01-31 --data ./restored && headrace reconcile --data ./restored',
    )
    .action(async (from: string, _options, command: Command) => {
      const { data, json, check = false } = optionsOf<{ check?: boolean }>(command);
      const progress = new CopyProgress(process.stderr, clock, check ? 'Checking' : 'Restoring');
      const startedAt = clock();
      const manifest = await interruptible(
        clock,
        interrupted(
          check ? 'The check was interrupted' : `Restoring was interrupted; nothing of it is left in ${data}`,
        ),
        (signal) => {
          const options = { from, release: packageVersion(), signal, onProgress: progress.update };
          return check ? checkBackup(options) : restoreBackup({ ...options, dataDirectory: data });
        },
      ).finally(() => progress.close());
      const { madeAt, headrace, files, point } = manifest;
      const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
      const records = point.topics.reduce((sum, { start, end }) => sum + end - start, 0);
      const seconds = (clock() - startedAt) / 1_000;
      if (json) {
        const summary = {
          from,
          madeAt,
          headrace,
          files: files.length,
          bytes,
          records,
          sinkCut: point.sinkCut,
          seconds,
        };
        await write(process.stdout, `${JSON.stringify(check ? summary : { ...summary, data })}\n`);
        return;
      }
      const size = `${mib(bytes)} MiB in ${files.length} files, ${seconds.toFixed(1)} s`;
      await write(
        process.stdout,
        check
          ? `The backup ${from} is whole: ${size}; ${records} records, of ${madeAt}\n`
          : `Restored into ${data}: ${size}; ${records} records, of ${madeAt}\n` +
              `What was taken in after that is not in it: send it again, what is there already is found as duplicates. Next: headrace reconcile --data ${data}\n`,
      );
    });
}
