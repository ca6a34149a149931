import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import type { NewRecord } from '../../../log/record.ts';
import { parkedPlaceOf, replayRecord } from '../../../runtime/replay.ts';
import { type Letter, letterAt, lettersOf, sentAgain, summaryOf } from '../../dead-letters/letters.ts';
import { type WaitingKey, WaitingLetters } from '../../dead-letters/waiting-letters.ts';
import type { HeadraceNode } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { wholeNumber } from '../numbers.ts';
import { write } from '../output.ts';
import { toJson } from '../records.ts';

const EXAMPLES = `
Examples:
  headrace dlq list
  headrace dlq show transactions.dlq 3 0
  headrace dlq list --keys
  headrace dlq replay transactions.dlq 3 0
  headrace dlq replay transactions.dlq --key A-17 --dry-run
  headrace dlq discard transactions.dlq 3 0 --by anna --why "not ours"

Mend the cause before a replay. With "headrace start --park-keys" later records of a key wait behind its dead letter: they are
replayed in their order, each once however often it is sent. Else a replayed record stands behind those that came after it.`;

interface ReplayOptions {
  readonly key?: string;
  readonly dryRun?: boolean;
}

export function deadLettersCommand({ clock }: CommandContext): Command {
  const command = new Command('dlq')
    .description('records that could not be decoded or processed, and those that wait behind them')
    .addHelpText('after', EXAMPLES);
  command
    .command('list')
    .description('list dead letters: place, error, where the record came from, and behind what it waits')
    .argument('[topic]', 'of one topic, such as transactions.dlq; else of all')
    .option('--keys', 'one line for each key that waits')
    .action(async (topic: string | undefined, _options, own: Command) => {
      const { keys } = optionsOf<{ keys?: boolean }>(own);
      await withNode(own, false, async (node) => {
        const { letters, waiting } = await readLetters(node, topic);
        if (keys === true) {
          for (const key of waiting.keys()) if (key.letters.length > 0) await print(keySummary(key));
        } else {
          for (const letter of letters) await print({ ...summaryOf(letter), ...parkedSummary(letter, waiting) });
        }
      });
    });
  command
    .command('show')
    .description('print one dead letter whole, with its headers')
    .argument('<topic>')
    .argument('<partition>', 'its partition', wholeNumber(0))
    .argument('<offset>', 'its offset', wholeNumber(0))
    .action(async (topic: string, partition: number, offset: number, _options, own: Command) => {
      await withNode(own, false, async (node) => {
        const { record } = await letterAt(node, topic, partition, offset);
        await write(process.stdout, `${JSON.stringify(await toJson(node, topic, partition, record), null, 2)}\n`);
      });
    });
  command
    .command('replay')
    .description(
      'send dead letters again to the topic that they came from: one, those that wait of a key, or all of a topic',
    )
    .argument('<topic>')
    .argument('[partition]', 'its partition', wholeNumber(0))
    .argument('[offset]', 'its offset', wholeNumber(0))
    .option('--key <key>', 'all that waits of this key, in its order')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .action(
      async (topic: string, partition: number | undefined, offset: number | undefined, _options, own: Command) => {
        const { key, dryRun = false } = optionsOf<ReplayOptions>(own);
        if (partition !== undefined && offset === undefined)
          throw new HeadraceError('USAGE', 'Give partition and offset, or neither for all dead letters of the topic');
        if (partition !== undefined && key !== undefined)
          throw new HeadraceError('USAGE', 'Give a place or --key, not both');
        await withNode(own, !dryRun, async (node) => {
          const { letters, waiting } = await readLetters(node, topic);
          const chosen =
            partition !== undefined
              ? oneToReplay(await letterAt(node, topic, partition, offset!), waiting)
              : key !== undefined
                ? ofKey(key, topic, waiting)
                : [
                    ...waiting.keys().flatMap((each) => each.letters),
                    ...letters.filter((each) => waiting.statusOf(each) === undefined),
                  ];
          await send(node, chosen, dryRun, (letter) => replayed(node, letter));
        });
      },
    );
  command
    .command('discard')
    .description('give up a dead letter for which others of its key wait, so that they may be replayed')
    .argument('<topic>')
    .argument('<partition>', 'its partition', wholeNumber(0))
    .argument('<offset>', 'its offset', wholeNumber(0))
    .requiredOption('--by <name>', 'who says so')
    .requiredOption('--why <reason>', 'why it is never to be processed')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .action(async (topic: string, partition: number, offset: number, _options, own: Command) => {
      const { by, why, dryRun = false } = optionsOf<{ by: string; why: string; dryRun?: boolean }>(own);
      await withNode(own, !dryRun, async (node) => {
        const { waiting } = await readLetters(node, topic);
        const letter = await letterAt(node, topic, partition, offset);
        if (waiting.statusOf(letter) === undefined)
          throw new HeadraceError(
            'INPUT_INVALID',
            `Nobody waits behind ${placeIn(letter)}: there is nothing to let go on`,
          );
        await send(node, oneToReplay(letter, waiting), dryRun, async ({ record }) => replayRecord(record, { by, why }));
      });
    });
  return command;

  async function withNode(
    own: Command,
    runsEngine: boolean,
    action: (node: HeadraceNode) => Promise<void>,
  ): Promise<void> {
    const node = await openNode({ ...nodeOptionsOf(optionsOf(own)), clock, runsEngine });
    try {
      await action(node);
    } finally {
      await node.close();
    }
  }
}

const print = (line: Record<string, unknown>) => write(process.stdout, `${JSON.stringify(line)}\n`);

async function readLetters(node: HeadraceNode, topic: string | undefined) {
  const waiting = new WaitingLetters(await node.parked());
  const letters: Letter[] = [];
  for await (const letter of lettersOf(node, topic)) {
    letters.push(letter);
    waiting.add(letter);
  }
  return { letters, waiting };
}

/** Nothing where its turn is over. Throws INPUT_INVALID where it has not come. */
function oneToReplay(letter: Letter, waiting: WaitingLetters): readonly Letter[] {
  const status = waiting.statusOf(letter);
  if (status === 'over') {
    process.stderr.write(`${placeIn(letter)} was replayed or discarded already, or a later letter stands for it\n`);
    return [];
  }
  if (status === 'waits') {
    const before = waiting.nextBefore(letter);
    const { behind } = parkedPlaceOf(letter.record.headers)!;
    throw new HeadraceError(
      'INPUT_INVALID',
      `${placeIn(letter)} waits behind ${behind}${before === undefined ? '' : `; next comes ${placeIn(before)}`}. "headrace dlq replay ${letter.topic} --key KEY" sends all of a key in its order`,
    );
  }
  return [letter];
}

function ofKey(key: string, topic: string, waiting: WaitingLetters): readonly Letter[] {
  const wanted = Buffer.from(key);
  const found = waiting
    .keys()
    .filter(({ letters }) => letters[0]?.record.key != null && wanted.equals(letters[0].record.key));
  if (found.length > 0) return found.flatMap(({ letters }) => letters);
  throw new HeadraceError('INPUT_INVALID', `Nothing of the key ${key} waits in ${topic}`);
}

async function send(
  node: HeadraceNode,
  letters: readonly Letter[],
  isDryRun: boolean,
  recordOf: (letter: Letter) => Promise<NewRecord>,
): Promise<void> {
  for (const letter of letters) {
    const record = await recordOf(letter);
    if (isDryRun)
      await print({ ...summaryOf(letter), wouldReplayTo: { topic: record.topic, partition: record.partition } });
    else {
      const [position] = await node.append([record]);
      await print({ ...summaryOf(letter), replayedTo: position });
    }
  }
  if (!isDryRun) await node.drain();
}

async function replayed(node: HeadraceNode, letter: Letter): Promise<NewRecord> {
  return parkedPlaceOf(letter.record.headers) === undefined ? sentAgain(node, letter) : replayRecord(letter.record);
}

function placeIn({ topic, partition, record }: Letter): string {
  return `${topic} ${partition} ${record.offset}`;
}

function parkedSummary(letter: Letter, waiting: WaitingLetters): Record<string, unknown> {
  const status = waiting.statusOf(letter);
  return status === undefined ? {} : { parked: { ...parkedPlaceOf(letter.record.headers), status } };
}

function keySummary({ application, behind, next, last, letters }: WaitingKey): Record<string, unknown> {
  const first = letters[0]!;
  const key = first.record.key === null ? null : Buffer.from(first.record.key).toString();
  return { application, key, behind, waiting: last - next + 1, next: summaryOf(first) };
}
