import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createMissingTopics } from '../../src/app/create-topics.ts';
import { type OpenTopicFormats, openTopicFormats } from '../../src/app/formats/open-topic-formats.ts';
import { MIGRATIONS } from '../../src/app/migrations.ts';
import { openStore, type Store } from '../../src/clickhouse/store.ts';
import { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';

/** What a sink needs, as `headrace start` has it: the log with all topics, the formats of their values, and ClickHouse. */
export interface SinkPlace {
  readonly log: EmbeddedLog;
  readonly formats: OpenTopicFormats;
  readonly store: Store;
}

export interface SinkPlaceOptions {
  /** Its directory is made there, and gone afterwards. */
  readonly directory: string;
  /** Of each topic. */
  readonly partitions: number;
  /** Whether topics are compacted as they are when it is in use; else every record stays for every run. */
  readonly isMaintained: boolean;
}

export async function withSinkPlace<T>(
  { directory: parent, partitions, isMaintained }: SinkPlaceOptions,
  use: (place: SinkPlace) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(parent, 'headrace-bench-'));
  const closing: (() => unknown)[] = [];
  try {
    const formats = await openTopicFormats({ format: 'avro', clock: Date.now });
    closing.unshift(() => formats.close());
    const log = new EmbeddedLog({
      directory: openDataDirectory(join(directory, 'data'), { clock: Date.now }),
      clock: Date.now,
      ...(isMaintained ? {} : { maintenanceIntervalMs: 0 }),
    });
    closing.unshift(() => log.close());
    await createMissingTopics(log, partitions);
    const store = await openStore({
      at: { path: join(directory, 'clickhouse') },
      migrationsDirectory: MIGRATIONS,
      clock: Date.now,
    });
    closing.unshift(() => store.close());
    return await use({ log, formats, store });
  } finally {
    for (const close of closing) await close();
    rmSync(directory, { recursive: true, force: true });
  }
}
