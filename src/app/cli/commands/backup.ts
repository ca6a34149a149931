import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import { readLogKind } from '../../../storage/data-directory.ts';
import { type BackupSummary, makeBackup } from '../../backup/make-backup.ts';
import { unsupportedOnKafka } from '../../backup/snapshot.ts';
import { openNode } from '../../open-node.ts';
import { packageVersion } from '../../version.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { CopyProgress, mib } from '../copy-progress.ts';
import { interruptible } from '../interruptible.ts';
import { write } from '../output.ts';

export function backupCommand({ clock }: CommandContext): Command {
  return new Command('backup')
    .description('copy log, state and ClickHouse as they are at one moment, also while "headrace start" runs')
    .requiredOption('--to <directory>', 'a directory that does not exist yet, or is empty')
    .addHelpText(
      'after',
      '\nThe manifest is written last: what has none was cut short, and "headrace restore" refuses it. Interrupted, it leaves nothing;\n' +
        'killed, it leaves what the next backup to the same place removes.\n\nExamples:\n  headrace backup --to /backup/2026-01-31\n' +
        '  headrace restore /backup/2026-01-31 --check',
    )
    .action(async (_options, command: Command) => {
      const options = optionsOf<{ to: string }>(command);
      const { to, data, json, kafka } = options;
      if (kafka !== undefined || (await readLogKind(data)) === 'kafka') throw unsupportedOnKafka();
      const node = await openNode({ ...nodeOptionsOf(options), clock });
      const progress = new CopyProgress(process.stderr, clock, 'Backing up');
      try {
        const summary = await interruptible(
          clock,
          interrupted('The backup was interrupted; nothing of it is left'),
          async (signal) => {
            signal.addEventListener('abort', () => process.once('exit', endBySignal));
            const made = await makeBackup({
              node,
              dataDirectory: data,
              to,
              clock,
              release: packageVersion(),
              signal,
              onProgress: progress.update,
            });
            // A signal that came too late.
            process.off('exit', endBySignal);
            return made;
          },
        );
        progress.close();
        await write(process.stdout, json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
      } finally {
        progress.close();
        await node.close();
      }
    });
}

/**
 * Makes of this process's exit an end by SIGINT, as of any program that is interrupted. Node.js would first wait for LMDB's thread, which
 * may go on for minutes to write a copy that is removed already.
 */
function endBySignal(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}

export function interrupted(what: string): HeadraceError {
  return new HeadraceError('NOT_RUNNING', what);
}

function summaryText({
  to,
  bytes,
  files,
  seconds,
  logBytes,
  clickhouseBytes,
  records,
  ...rest
}: BackupSummary): string {
  return (
    `Backup ${to}: ${mib(bytes)} MiB in ${files} files, ${seconds.toFixed(1)} s\n` +
    `  log and state ${mib(logBytes)} MiB (${records} records), ClickHouse ${mib(clickhouseBytes)} MiB (cut ${rest.sinkCut})\n` +
    `  of ${rest.madeAt}; the sink waited ${rest.sinkHeldMs} ms\n`
  );
}
