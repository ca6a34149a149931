import { randomUUID } from 'node:crypto';
import type { KafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { openKafkaLog } from '../../src/log/kafka/open-kafka-log.ts';
import type { Log, TopicConfig } from '../../src/log/log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { recordKeyOf, recordValueOf, timestampOf } from '../workloads.ts';

/** The log as an application opens it; what passes is told on standard error, for it makes a figure worth less. */
export function openLog(brokers: string, directory: string): KafkaLog {
  return openKafkaLog({
    brokers,
    connection: { clientId: 'headrace-bench' },
    directory: openDataDirectory(directory, { clock: Date.now }),
    newInstance: randomUUID,
    clock: Date.now,
    startTimer: (ms, action) => {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
    onFault: ({ code, message }) => process.stderr.write(`${code}: ${message}\n`),
  });
}

export function topicConfig(name: string, partitions: number): TopicConfig {
  return { name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 };
}

const APPEND_RECORDS = 20_000;
/** More for a partition would not fit into one batch, and the log would put them into a transaction. */
const APPENDS_OF_A_PARTITION = 2;

/** The anchor's records, in their order in each partition. */
export async function fill(
  log: Log,
  topic: string,
  {
    records,
    accounts,
    partitions,
  }: { readonly records: number; readonly accounts: number; readonly partitions: number },
): Promise<void> {
  await log.createTopics([topicConfig(topic, partitions)]);
  const underWay: Promise<unknown>[] = [];
  for (let start = 0; start < records; start += APPEND_RECORDS) {
    const batches = Array.from({ length: partitions }, (): NewRecord[] => []);
    for (let i = start; i < Math.min(records, start + APPEND_RECORDS); i++) {
      const key = Buffer.from(recordKeyOf(i, accounts));
      const partition = partitionFor(key, partitions);
      batches[partition]!.push({ topic, partition, timestamp: timestampOf(i), key, value: recordValueOf(i) });
    }
    // One partition a call: no transaction, and so no marker between the records that either program would have to step over.
    for (const batch of batches) underWay.push(log.append(batch));
    while (underWay.length >= APPENDS_OF_A_PARTITION * partitions) await underWay.shift();
  }
  await Promise.all(underWay);
}
