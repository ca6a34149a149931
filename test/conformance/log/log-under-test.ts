import type { Log, Member, TopicConfig } from '../../../src/log/log.ts';
import type { NewRecord } from '../../../src/log/record.ts';
import type { RecordBatch } from '../../../src/log/record-batch.ts';
import { RecordBuffer } from '../../../src/log/record-buffer.ts';

/** A log with the step of retention and compaction, which adapters otherwise run by themselves. */
export type MaintainedLog = Log & { maintain(): boolean };

/** One adapter, opened for one test. */
export interface LogUnderTest {
  log: MaintainedLog;
  /** The clock of intake; tests set it. */
  nowMs: number;
  /**
   * Whether the log is other processes behind a network: ends of transactions take offsets of their own, what a member learns it learns a
   * moment later, a commit carries the offsets of all that the member owns, and retention is the brokers' own.
   */
  readonly isRemote?: boolean;
  /** Closes the log and opens it again. */
  reopen(): Promise<void>;
  /** Waits until members of a log that is gone are no members any more. */
  sessionsEnd?(): Promise<void>;
  /** Stops the log as a kill does and opens what it left. */
  crash(): Promise<void>;
  dispose(): Promise<void>;
}

export interface LogSettings {
  readonly queuedRecordsMax?: number;
}

export type OpenLog = (settings?: LogSettings) => Promise<LogUnderTest>;

export function topic(name: string, changes: Partial<TopicConfig> = {}): TopicConfig {
  return { name, partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1, ...changes };
}

export function record(
  topicName: string,
  key: string | null,
  value: string | null,
  changes: Partial<NewRecord> = {},
): NewRecord {
  return {
    topic: topicName,
    partition: 0,
    timestamp: 0,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    ...changes,
  };
}

export function bufferOf(...values: readonly string[]): RecordBuffer {
  const buffer = new RecordBuffer();
  for (const value of values) buffer.append(0, null, Buffer.from(value), []);
  return buffer;
}

/** `offset key=value` of each record, `null` for null. */
export function shown(batch: RecordBatch): readonly string[] {
  const text = (bytes: Uint8Array | null) => (bytes === null ? 'null' : Buffer.from(bytes).toString());
  return Array.from(
    { length: batch.length },
    (_, i) => `${batch.offsetAt(i)} ${text(batch.keyAt(i))}=${text(batch.valueAt(i))}`,
  );
}

/** The same without offsets. */
export function withoutOffsets(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.replace(/(^| )\d+ /, '$1'));
}

/** Everything that the log holds of a partition. */
export async function readAll(log: Log, topicName: string, partition = 0): Promise<readonly string[]> {
  const { start, end } = (await log.watermarks(topicName))[partition]!;
  const records: string[] = [];
  for (let offset = start; offset < end; ) {
    const batch = await log.read(topicName, partition, offset);
    if (batch === null) break;
    records.push(...shown(batch));
    offset = batch.offsetAt(batch.length - 1) + 1;
  }
  return records;
}

/** Polls until nothing comes any more; the last assignment and the records by partition. */
export async function drain(
  member: Member,
): Promise<{ epoch: number; partitions: readonly string[]; records: readonly string[] }> {
  let epoch = -1;
  let partitions: readonly string[] = [];
  const records: string[] = [];
  for (;;) {
    const { assignment, batches } = await member.poll({ maxRecords: 100, timeoutMs: 0 });
    if (assignment !== undefined) {
      epoch = assignment.epoch;
      partitions = assignment.partitions.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`);
      records.length = 0;
    } else if (batches.length === 0) {
      return { epoch, partitions, records };
    }
    for (const batch of batches)
      for (const text of shown(batch)) records.push(`${batch.topic}-${batch.partition} ${text}`);
  }
}

/** The code of the HeadraceError with which it rejects or throws. */
export async function codeOf(action: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof action === 'function' ? action() : action);
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'no error';
}
