import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedLog, type EmbeddedLogOptions } from '../src/log/embedded/embedded-log.ts';
import type { Log, TopicConfig } from '../src/log/log.ts';
import { partitionFor } from '../src/log/partitioner.ts';
import { openDataDirectory } from '../src/storage/data-directory.ts';

/** A new directory for one test, and what removes it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'headrace-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function openLog(path: string, options: Partial<EmbeddedLogOptions> = {}): EmbeddedLog {
  return new EmbeddedLog({ directory: openDataDirectory(path, { clock: Date.now }), clock: Date.now, ...options });
}

export function topicConfig(name: string, partitions = 1): TopicConfig {
  return { name, partitions, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 };
}

/** Appends text records in order, each to the partition of its key. */
export async function appendText(
  log: Log,
  topic: string,
  records: readonly (readonly [string | null, string | null])[],
  timestamp = 1,
): Promise<void> {
  const config = (await log.topics()).find(({ name }) => name === topic)!;
  await log.append(
    records.map(([key, value]) => {
      const keyBytes = key === null ? null : Buffer.from(key);
      return {
        topic,
        partition: partitionFor(keyBytes, config.partitions),
        timestamp,
        key: keyBytes,
        value: value === null ? null : Buffer.from(value),
      };
    }),
  );
}

/** All records of a topic as text, partition after partition. */
export async function readText(log: Log, topic: string): Promise<readonly (readonly [string | null, string | null])[]> {
  const records: (readonly [string | null, string | null])[] = [];
  for (const { partition, start } of await log.watermarks(topic)) {
    let offset = start;
    for (
      let batch = await log.read(topic, partition, offset);
      batch !== null;
      batch = await log.read(topic, partition, offset)
    ) {
      for (let i = 0; i < batch.length; i++) {
        const [key, value] = [batch.keyAt(i), batch.valueAt(i)];
        records.push([
          key === null ? null : Buffer.from(key).toString(),
          value === null ? null : Buffer.from(value).toString(),
        ]);
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return records;
}
