import { columns } from './sink-fields.ts';
import type { SinkTable } from './sink-table.ts';

const TEXT = 'LowCardinality(String)';
const TIME = "DateTime64(3, 'UTC')";
const ERROR_HEADERS = '__streams.errors.';

/** The table of dead letters takes the records of every topic of them. */
export const deadLetterTable = (topic: string): SinkTable => ({
  topic,
  table: 'headrace.dead_letters_rows',
  columns: columns({
    source_topic: TEXT,
    source_partition: 'UInt32',
    source_offset: 'UInt64',
    error: 'String',
    message: 'String',
    stacktrace: 'String',
    key: 'Nullable(String)',
    value: 'Nullable(String)',
    header_names: 'Array(String)',
    header_values: 'Array(Nullable(String))',
    dead_letter_topic: TEXT,
    dead_letter_partition: 'UInt32',
    dead_letter_offset: 'UInt64',
    recorded_at: TIME,
  }),
  values: 'bytes',
  rows: (record) => {
    const decoder = new TextDecoder();
    const said = new Map(record.headers.map(([name, value]) => [name, value === null ? '' : decoder.decode(value)]));
    const error = (name: string) => said.get(ERROR_HEADERS + name);
    // A dead letter that somebody put there by hand has no such headers; it then stands for itself.
    const hasSource = error('topic') !== undefined;
    const own = record.headers.filter(([name]) => !name.startsWith(ERROR_HEADERS));
    return [
      [
        error('topic') ?? record.topic,
        hasSource ? Number(error('partition')) : record.partition,
        hasSource ? Number(error('offset')) : record.offset,
        error('exception') ?? '',
        error('message') ?? '',
        error('stacktrace') ?? '',
        record.key,
        record.bytes,
        own.map(([name]) => name),
        own.map(([, value]) => value),
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
      ],
    ];
  },
});
