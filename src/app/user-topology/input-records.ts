import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { NewRecord } from '../../log/record.ts';
import { containsCardNumber } from '../../privacy/card-numbers.ts';
import { checkIsNdjson } from '../input/input-head.ts';
import type { RejectedRow } from '../input/input-row.ts';
import { brokenRow, isBlank, rawText } from '../input/raw-text.ts';
import { type Rows, readRows } from '../input/read-rows.ts';
import type { RawRow } from '../input/row-splitter.ts';
import { nearestName } from './nearest-name.ts';
import { bytesOf } from './serde-values.ts';
import type { KnownTopics, TopicSerdes } from './topic-serdes.ts';

/** A line of an input: a record for the log, without a timestamp where the line has none, or why it is none. */
export type InputRecord = RecordLine | RejectedRow;

export interface RecordLine {
  readonly kind: 'record';
  readonly record: Omit<NewRecord, 'timestamp'> & { readonly timestamp: number | undefined };
}

export interface InputTopics extends Pick<KnownTopics, 'inputs' | 'serdes'> {
  /** Of each topic that is there. */
  readonly partitions: ReadonlyMap<string, number>;
}

const NAMES = ['topic', 'key', 'value', 'timestamp', 'partition'];
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Reads records from NDJSON, plain or gzip: a line is `{"topic"?, "key"?, "value", "timestamp"?, "partition"?}`, with key and value as the
 * source's serdes take them. A line that is no record comes as a rejected row, and the rest goes on. Throws as readRows does.
 */
export function readRecords(path: string, topics: InputTopics): Rows<InputRecord> {
  return readRows<InputRecord>({
    path,
    begin: (name, head) => {
      if (/\.(csv|tsv)(\.gz)?$/i.test(path)) {
        throw new HeadraceError(
          'INPUT_INVALID',
          `${name} is CSV; a topology takes NDJSON, a record on each line: {"key": …, "value": …}`,
        );
      }
      checkIsNdjson(name, head);
      const filled = (row: RawRow) => row.problem !== undefined || !isBlank(row.bytes);
      return { emptiness: 'has no rows', read: (rows) => rows.filter(filled).map((row) => recordOf(row, topics)) };
    },
  });
}

function recordOf(row: RawRow, topics: InputTopics): InputRecord {
  const broken = brokenRow(row);
  if (broken !== undefined) return broken;
  const raw = rawText(row.bytes);
  try {
    return { kind: 'record', record: newRecord(parsed(raw), topics) };
  } catch (error) {
    if (!(error instanceof HeadraceError)) throw error;
    return { kind: 'rejected', line: row.line, reason: error.message, raw };
  }
}

type Line = Readonly<Record<string, unknown>>;

function parsed(text: string): Line {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    // The parser's message shows a piece of the line, perhaps a card number in part.
    throw refused('is not valid JSON');
  }
  if (typeof line !== 'object' || line === null || Array.isArray(line)) throw refused('is JSON, but not an object');
  const unknown = Object.keys(line).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw refused(`a line has no "${unknown}"${nearestName(unknown, NAMES)}`);
  if (!Object.hasOwn(line, 'value')) throw refused('has no "value"; null deletes the key from a table');
  return line as Line;
}

function newRecord(line: Line, topics: InputTopics): RecordLine['record'] {
  const topic = topicOf(line, topics);
  const serdes = topics.serdes.get(topic)!;
  const [key, value] = [part(line, 'key', serdes), part(line, 'value', serdes)];
  const partitions = topics.partitions.get(topic)!;
  return { topic, partition: partitionOf(line, key, partitions), timestamp: timestampOf(line), key, value };
}

function topicOf({ topic }: Line, { inputs }: InputTopics): string {
  const names = inputs.join(', ');
  if (topic === undefined && inputs.length === 1) return inputs[0]!;
  if (topic === undefined) throw refused(`has no "topic", and the topology reads several: ${names}`);
  if (typeof topic === 'string' && inputs.includes(topic)) return topic;
  throw refused(`the topology does not read topic ${JSON.stringify(topic)}${nearestName(String(topic), inputs)}`);
}

function part(line: Line, name: 'key' | 'value', serdes: TopicSerdes): Uint8Array | null {
  const given = line[name] ?? null;
  if (given === null) return null;
  if (containsCardNumber(typeof given === 'string' ? given : JSON.stringify(given))) {
    throw refused(`the ${name} holds what looks like a card number; it must not come in`);
  }
  try {
    return bytesOf(serdes[name], given);
  } catch (error) {
    throw refused(`the ${name} can't be taken in: ${(error as Error).message}`);
  }
}

function partitionOf({ partition }: Line, key: Uint8Array | null, partitions: number): number {
  if (partition === undefined) return partitionFor(key, partitions);
  if (Number.isInteger(partition) && (partition as number) >= 0 && (partition as number) < partitions)
    return partition as number;
  throw refused(`"partition" must be a whole number from 0 to ${partitions - 1}, not ${JSON.stringify(partition)}`);
}

function timestampOf({ timestamp }: Line): number | undefined {
  if (timestamp === undefined) return undefined;
  const timeMs = typeof timestamp === 'string' && RFC3339.test(timestamp) ? Date.parse(timestamp) : timestamp;
  if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0) return timeMs;
  throw refused(
    `"timestamp" must be whole milliseconds since 1970, or a time of RFC 3339 with a zone, not ${JSON.stringify(timestamp)}`,
  );
}

function refused(reason: string): HeadraceError {
  return new HeadraceError('INPUT_INVALID', reason);
}
