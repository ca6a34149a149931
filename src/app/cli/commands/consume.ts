import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import type { Watermarks } from '../../../log/log.ts';
import type { HeadraceNode } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { wholeNumber } from '../numbers.ts';
import { write } from '../output.ts';
import { toJson } from '../records.ts';

interface ConsumeOptions {
  readonly partition?: number;
  readonly offset?: number;
  readonly max?: number;
  readonly follow?: boolean;
  readonly fetchBytes?: number;
}

const FOLLOW_WAIT_MS = 1_000;

export function consumeCommand({ clock }: CommandContext): Command {
  return new Command('consume')
    .description('print the records of a topic, an object a line, partition after partition')
    .argument('<topic>')
    .option('--from-beginning', 'from the first record held (the default)')
    .option('--offset <n>', 'from this offset on, in each partition', wholeNumber(0))
    .option('--partition <n>', 'of one partition only', wholeNumber(0))
    .option('--max <n>', 'end after this many records', wholeNumber(1))
    .option('--follow', 'wait for more at the end')
    .option('--fetch-bytes <n>', 'on Kafka: what one fetch brings at most (1048576)', wholeNumber(1))
    .addHelpText('after', '\nExample:\n  headrace consume transactions.rejected --max 10')
    .action(async (topic: string, _options, command: Command) => {
      const options = optionsOf<ConsumeOptions>(command);
      const node = await openNode({
        ...nodeOptionsOf(options),
        clock,
        readsLogOnly: true,
        readBytesMax: options.fetchBytes,
      });
      try {
        await consume(node, topic, options);
      } finally {
        await node.close();
      }
    });
}

async function consume(node: HeadraceNode, topic: string, options: ConsumeOptions): Promise<void> {
  const partitions = await chosenPartitions(node, topic, options);
  const positions = new Map(
    partitions.map(({ partition, start }) => [partition, Math.max(start, options.offset ?? start)]),
  );
  let left = options.max ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const committed = options.follow ? node.awaitCommit(FOLLOW_WAIT_MS) : undefined;
    for (const partition of positions.keys()) {
      for (;;) {
        const records = await node.read(topic, partition, positions.get(partition)!);
        for (const record of records) {
          const shown = JSON.stringify(await toJson(node, topic, partition, record));
          if (!(await write(process.stdout, `${shown}\n`)) || --left === 0) return;
        }
        if (records.length === 0) break;
        positions.set(partition, records.at(-1)!.offset + 1);
      }
    }
    if (committed === undefined) return;
    await committed;
  }
}

async function chosenPartitions(
  node: HeadraceNode,
  topic: string,
  { partition, offset }: ConsumeOptions,
): Promise<readonly Watermarks[]> {
  const all = await node.watermarks(topic);
  const chosen = partition === undefined ? all : all.filter((each) => each.partition === partition);
  if (chosen.length === 0)
    throw new HeadraceError('PARTITION_UNKNOWN', `Topic ${topic} has partitions 0 to ${all.length - 1}`);
  // An offset beyond the end of every partition is a mistake; beyond that of some it just means that they have nothing.
  if (offset !== undefined && chosen.every(({ end }) => offset > end)) {
    throw new HeadraceError('OFFSET_OUT_OF_RANGE', `Topic ${topic} ends before offset ${offset}`);
  }
  return offset === undefined ? chosen : chosen.filter(({ end }) => offset <= end);
}
