import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { HeadraceError } from '../../../errors.ts';
import { partitionFor } from '../../../log/partitioner.ts';
import type { NewRecord, RecordPosition } from '../../../log/record.ts';
import { containsCardNumber } from '../../../privacy/card-numbers.ts';
import { recordKey } from '../../input/record-key.ts';
import type { HeadraceNode } from '../../node.ts';
import { openNode } from '../../open-node.ts';
import { type CommandContext, nodeOptionsOf, optionsOf } from '../context.ts';
import { write } from '../output.ts';

interface ProduceOptions {
  readonly key?: string;
  readonly value?: string;
  readonly tombstone?: boolean;
}

const BATCH_RECORDS = 500;

export function produceCommand({ clock, exit }: CommandContext): Command {
  return new Command('produce')
    .description('append records to a topic: one given by options, or one for each line of standard input')
    .argument('<topic>')
    .option('--key <text>', 'the key; without it the account, withdrawal or terminal that the value names')
    .option('--value <text>', 'the value')
    .option('--tombstone', 'a null value: deletes the key from a table')
    .addHelpText(
      'after',
      '\nA line of standard input is {"key": ..., "value": ...}: texts as they are, other JSON as JSON text, null as null.\n' +
        'Without "key" it is the account, withdrawal or terminal that the value names. What looks like a card number is refused.\n\n' +
        'Examples:\n' +
        `  headrace produce accounts --value '{"accountId":"A-1","status":"closed"}'\n` +
        '  headrace produce atm.withdrawals < withdrawals.ndjson',
    )
    .action(async (topic: string, _options, command: Command) => {
      const options = optionsOf<ProduceOptions>(command);
      const node = await openNode({ ...nodeOptionsOf(options), clock, runsEngine: true, createsDirectory: true });
      try {
        const partitions = (await node.watermarks(topic)).length;
        const toRecord = async (key: string | null | undefined, value: string | null) =>
          newRecord(topic, partitions, clock(), key === undefined ? await recordKey(node, topic, value) : key, value);
        const hasOne = options.value !== undefined || options.tombstone === true;
        const refused = hasOne ? 0 : await produceLines(node, toRecord);
        if (hasOne)
          await report(await node.append([await toRecord(options.key, options.tombstone ? null : options.value!)]));
        await node.drain();
        if (refused > 0) exit(1);
      } finally {
        await node.close();
      }
    });
}

type ToRecord = (key: string | null | undefined, value: string | null) => Promise<NewRecord>;

/** Returns how many lines were refused; each is said on standard error. */
async function produceLines(node: HeadraceNode, toRecord: ToRecord): Promise<number> {
  let refused = 0;
  let line = 0;
  let batch: NewRecord[] = [];
  const flush = async () => {
    if (batch.length > 0) await report(await node.append(batch));
    batch = [];
  };
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === '') continue;
    try {
      const { key, value = null } = parseLine(text);
      batch.push(await toRecord(key === undefined ? undefined : asText(key), asText(value)));
    } catch (error) {
      refused++;
      process.stderr.write(`standard input, line ${line}: ${(error as Error).message}\n`);
    }
    if (batch.length >= BATCH_RECORDS) await flush();
  }
  await flush();
  return refused;
}

function parseLine(text: string): { readonly key?: unknown; readonly value?: unknown } {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new HeadraceError('INPUT_INVALID', 'a line must be an object with "key" and "value"');
  return parsed;
}

function asText(part: unknown): string | null {
  return part === null || typeof part === 'string' ? part : JSON.stringify(part);
}

function newRecord(
  topic: string,
  partitions: number,
  timestamp: number,
  key: string | null,
  value: string | null,
): NewRecord {
  if (containsCardNumber(`${key ?? ''}\n${value ?? ''}`)) {
    throw new HeadraceError('INPUT_INVALID', 'the record holds what looks like a card number; it must not come in');
  }
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
  return { topic, partition: partitionFor(bytes(key), partitions), timestamp, key: bytes(key), value: bytes(value) };
}

async function report(positions: readonly RecordPosition[]): Promise<void> {
  await write(process.stdout, positions.map((position) => `${JSON.stringify(position)}\n`).join(''));
}
