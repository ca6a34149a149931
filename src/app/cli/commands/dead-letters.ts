import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import type { NewRecord } from '../../../log/record.ts';
import { type HeadraceNode, recordsOf, type StoredRecord } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { wholeNumber } from '../numbers.ts';
import { write } from '../output.ts';
import { toJson } from '../records.ts';

const ERROR_HEADERS = '__streams.errors.';
/** Says which dead letter a record was made of again, so that nobody replays it twice unseen. */
const REPLAY_HEADER = 'headrace.replayed-from';

interface Letter {
  readonly topic: string;
  readonly partition: number;
  readonly record: StoredRecord;
}

export function deadLettersCommand({ clock }: CommandContext): Command {
  const command = new Command('dlq')
    .description('records that could not be decoded or processed, as they came')
    .addHelpText(
      'after',
      '\nExamples:\n  headrace dlq list\n  headrace dlq show transactions.dlq 3 0\n  headrace dlq replay transactions.dlq 3 0',
    );
  command
    .command('list')
    .description('list dead letters: place, error, and where the record came from')
    .argument('[topic]', 'of one topic, such as transactions.dlq; else of all')
    .action(async (topic: string | undefined, _options, own: Command) => {
      await withNode(own, false, async (node) => {
        for await (const letter of letters(node, topic))
          await write(process.stdout, `${JSON.stringify(summary(letter))}\n`);
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
    .description('send dead letters again to the topic that they came from, one or all of a topic')
    .argument('<topic>')
    .argument('[partition]', 'its partition', wholeNumber(0))
    .argument('[offset]', 'its offset', wholeNumber(0))
    .addHelpText(
      'after',
      '\nMend the cause first. A replayed record stands behind those that came after it; the letter itself stays.',
    )
    .action(
      async (topic: string, partition: number | undefined, offset: number | undefined, _options, own: Command) => {
        if (partition !== undefined && offset === undefined)
          throw new HeadraceError('USAGE', 'Give partition and offset, or neither for all dead letters of the topic');
        await withNode(own, true, async (node) => {
          const chosen: Letter[] = [];
          if (partition === undefined) for await (const letter of letters(node, topic)) chosen.push(letter);
          else chosen.push(await letterAt(node, topic, partition, offset!));
          for (const letter of chosen) {
            const [position] = await node.append([replayed(letter, clock())]);
            await write(process.stdout, `${JSON.stringify({ ...summary(letter), replayedTo: position })}\n`);
          }
          await node.drain();
        });
      },
    );
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

async function* letters(node: HeadraceNode, topic: string | undefined): AsyncGenerator<Letter> {
  const names = (await node.topics()).map(({ name }) => name).filter((name) => name.endsWith('.dlq'));
  if (topic !== undefined && !names.includes(topic)) {
    throw new HeadraceError('TOPIC_UNKNOWN', `There is no dead-letter topic ${topic}; there are: ${names.join(', ')}`);
  }
  for (const name of topic === undefined ? names : [topic]) {
    for (const { partition, start, end } of await node.watermarks(name)) {
      for await (const record of recordsOf(node, name, partition, start, end)) yield { topic: name, partition, record };
    }
  }
}

async function letterAt(node: HeadraceNode, topic: string, partition: number, offset: number): Promise<Letter> {
  if (!topic.endsWith('.dlq'))
    throw new HeadraceError('USAGE', `${topic} is no dead-letter topic; their names end in .dlq`);
  const [record] = await node.read(topic, partition, offset);
  if (record?.offset !== offset)
    throw new HeadraceError('OFFSET_OUT_OF_RANGE', `${topic} has no record at ${partition}@${offset}`);
  return { topic, partition, record };
}

function summary({ topic, partition, record }: Letter): Record<string, unknown> {
  const error = (name: string) => headerText(record, ERROR_HEADERS + name);
  const source = { topic: error('topic'), partition: Number(error('partition')), offset: Number(error('offset')) };
  return { topic, partition, offset: record.offset, error: error('exception'), message: error('message'), source };
}

/** The record as it came, with its own headers; the timestamp is of now, because it is taken in now. */
function replayed({ topic, partition, record }: Letter, now: number): NewRecord {
  const source = headerText(record, `${ERROR_HEADERS}topic`);
  const sourcePartition = Number(headerText(record, `${ERROR_HEADERS}partition`));
  if (source === undefined || !Number.isInteger(sourcePartition)) {
    throw new HeadraceError(
      'INPUT_INVALID',
      `The dead letter ${topic} ${partition}@${record.offset} does not say where it came from`,
    );
  }
  const own = record.headers.filter(([name]) => !name.startsWith(ERROR_HEADERS) && name !== REPLAY_HEADER);
  const headers = [...own, [REPLAY_HEADER, Buffer.from(`${topic}-${partition}@${record.offset}`)] as const];
  return { topic: source, partition: sourcePartition, timestamp: now, key: record.key, value: record.value, headers };
}

function headerText(record: StoredRecord, wanted: string): string | undefined {
  const value = record.headers.find(([name]) => name === wanted)?.[1];
  return value == null ? undefined : Buffer.from(value).toString();
}
