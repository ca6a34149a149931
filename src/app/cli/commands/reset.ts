import { Command, InvalidArgumentError } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import type { ResetTarget } from '../../../runtime/reset/reset-request.ts';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { moment } from '../moment.ts';
import { repeated, wholeNumber } from '../numbers.ts';
import { write } from '../output.ts';
import { resetText } from '../reset-text.ts';

interface ResetOptions {
  readonly topic?: readonly string[];
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toOffset?: number;
  readonly toTime?: number;
  readonly by?: number;
  readonly keepState?: boolean;
  readonly execute?: boolean;
}

export function resetCommand({ clock }: CommandContext): Command {
  return new Command('reset')
    .description(
      'send an application back or forward in its source topics; without --execute it only tells what that does',
    )
    .argument(
      '<application>',
      'account-ledger, atm-dispense, reconciliation, or another one of this data directory; clickhouse is the sink',
    )
    .option('--topic <topic>', 'only this source topic; may be repeated', repeated)
    .option('--to-earliest', 'to the first record held')
    .option('--to-latest', 'behind the last record')
    .option('--to-offset <n>', 'to this offset in every partition', wholeNumber(0))
    .option('--to-time <rfc3339>', 'to the first record with this timestamp or a later one', moment)
    .option('--by <n>', 'by so many records from where it stands; -10 is back', signedNumber)
    .option('--keep-state', 'leave the stores, and what is under way, as they are')
    .option('--execute', 'do it')
    .addHelpText(
      'after',
      '\nExamples:\n  headrace reset account-ledger --to-earliest\n  headrace reset account-ledger --to-earliest --execute\n' +
        '  headrace reset reconciliation --topic atm.dispense.failed --to-time 2026-01-31T12:00:00Z --keep-state\n' +
        '  headrace reset clickhouse --to-earliest --execute\n\n' +
        'The application must not run. Stores are emptied with the offsets in one atomic step, so that the application builds\n' +
        'them anew; records under way in its repartition topics are passed over, idle ticks are replayed. What it has written\n' +
        'is not taken back: it is written again. What the sink writes again replaces itself: readers see the same.',
    )
    .action(async (application: string, _options, command: Command) => {
      const options = optionsOf<ResetOptions>(command);
      const request = {
        application,
        topics: options.topic,
        target: targetOf(options),
        keepsState: options.keepState ?? false,
        executes: options.execute ?? false,
      };
      const node = await openNode({ ...nodeOptionsOf(options), clock });
      try {
        const report = await node.reset(request);
        await write(process.stdout, options.json ? `${JSON.stringify(report)}\n` : resetText(report));
      } finally {
        await node.close();
      }
    });
}

function targetOf({ toEarliest, toLatest, toOffset, toTime, by }: ResetOptions): ResetTarget {
  const targets: readonly (ResetTarget | undefined)[] = [
    toEarliest ? { kind: 'earliest' } : undefined,
    toLatest ? { kind: 'latest' } : undefined,
    toOffset === undefined ? undefined : { kind: 'offset', offset: toOffset },
    toTime === undefined ? undefined : { kind: 'time', timeMs: toTime },
    by === undefined ? undefined : { kind: 'by', count: by },
  ];
  const [target, second] = targets.filter((each) => each !== undefined);
  if (target === undefined || second !== undefined) {
    throw new HeadraceError(
      'USAGE',
      'Say where to, by one of --to-earliest, --to-latest, --to-offset N, --to-time TIME and --by N',
    );
  }
  return target;
}

function signedNumber(text: string): number {
  const value = Number(text);
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number, such as -10.');
}
