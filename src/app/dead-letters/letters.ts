import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { NewRecord } from '../../log/record.ts';
import { callHeaders } from '../../runtime/replay.ts';
import { type HeadraceNode, recordsOf, type StoredRecord } from '../node.ts';

const ERROR_HEADERS = '__streams.errors.';
const CODE = '__headrace.errors.code';
/** Says which dead letter a record was made of again, so that nobody replays it twice unseen. */
const REPLAYED_FROM = 'headrace.replayed-from';

/** A record of a dead-letter topic. */
export interface Letter {
  readonly topic: string;
  readonly partition: number;
  readonly record: StoredRecord;
}

type Readable = Pick<HeadraceNode, 'topics' | 'watermarks' | 'read'>;

/** All letters of a topic, or of all of them, partition after partition. Throws TOPIC_UNKNOWN. */
export async function* lettersOf(node: Readable, topic: string | undefined): AsyncGenerator<Letter> {
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

/** Throws USAGE for a topic of other records, OFFSET_OUT_OF_RANGE where no letter is. */
export async function letterAt(node: Readable, topic: string, partition: number, offset: number): Promise<Letter> {
  if (!topic.endsWith('.dlq'))
    throw new HeadraceError('USAGE', `${topic} is no dead-letter topic; their names end in .dlq`);
  const [record] = await node.read(topic, partition, offset);
  if (record?.offset !== offset)
    throw new HeadraceError('OFFSET_OUT_OF_RANGE', `${topic} has no record at ${partition}@${offset}`);
  return { topic, partition, record };
}

/** Place, error, and where the record came from. */
export function summaryOf({ topic, partition, record }: Letter): Record<string, unknown> {
  const error = (name: string) => headerText(record, ERROR_HEADERS + name);
  const source = { topic: error('topic'), partition: Number(error('partition')), offset: Number(error('offset')) };
  return { topic, partition, offset: record.offset, error: error('exception'), message: error('message'), source };
}

/**
 * The record of a letter for which nobody waits, once more: with its own headers and its original timestamp, for windows go
 * by that and retention does not. It stands behind those that came after it; one that lay in a partition where its key does
 * not belong goes to the one where it does. Throws INPUT_INVALID where the letter does not say where it came from.
 */
export async function sentAgain(
  node: Pick<Readable, 'watermarks'>,
  { topic, partition, record }: Letter,
): Promise<NewRecord> {
  const source = headerText(record, `${ERROR_HEADERS}topic`);
  const sourcePartition = Number(headerText(record, `${ERROR_HEADERS}partition`));
  if (source === undefined || !Number.isInteger(sourcePartition)) {
    throw new HeadraceError(
      'INPUT_INVALID',
      `The dead letter ${topic} ${partition}@${record.offset} does not say where it came from`,
    );
  }
  const own = record.headers.filter(([name]) => !/^__(streams|headrace)\./.test(name) && name !== REPLAYED_FROM);
  // A callee that was asked about it is asked under the same key.
  const headers = [
    ...own,
    ...callHeaders(record.headers),
    [REPLAYED_FROM, Buffer.from(`${topic}-${partition}@${record.offset}`)] as const,
  ];
  const { timestamp, key, value } = record;
  const isMisplaced = headerText(record, CODE) === 'PARTITION_MISMATCH';
  const home = isMisplaced ? partitionFor(key, (await node.watermarks(source)).length) : sourcePartition;
  return { topic: source, partition: home, timestamp, key, value, headers };
}

function headerText(record: StoredRecord, wanted: string): string | undefined {
  const value = record.headers.find(([name]) => name === wanted)?.[1];
  return value == null ? undefined : Buffer.from(value).toString();
}
