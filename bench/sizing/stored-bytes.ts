import { join } from 'node:path';
import { openEmbeddedClickHouse } from '../../src/app/open-clickhouse.ts';
import { openLogTables } from '../../src/log/embedded/log-tables.ts';
import { Environment } from '../../src/storage/environment.ts';

/** Name to bytes; keys and values alone, without what LMDB's pages add. */
type Bytes = Readonly<Record<string, number>>;

interface TopicRow {
  readonly config: { readonly name: string; readonly partitions: number };
  readonly firstPartitionId: number;
}

const BATCH_KEY_BYTES = 12;
const STATE_KEY_BYTES = 8;

/** What topics and stores of a log take, each for itself. `directory` holds `log`, and nobody has it open. */
export async function logBytes(directory: string): Promise<{ readonly topics: Bytes; readonly stores: Bytes }> {
  const environment = Environment.open(join(directory, 'log'));
  try {
    const tables = openLogTables(environment);
    const topicOf = new Map<number, string>();
    tables.topics.forEach({}, (_id, value) => {
      const { config, firstPartitionId } = JSON.parse(Buffer.from(value).toString()) as TopicRow;
      for (let i = 0; i < config.partitions; i++) topicOf.set(firstPartitionId + i, config.name);
      return true;
    });
    const storeOf = new Map<number, string>();
    tables.stores.forEach({}, (id, value) => {
      const { group, store } = JSON.parse(Buffer.from(value).toString()) as { group: string; store: string };
      storeOf.set(id, `${group} ${store}`);
      return true;
    });
    const [topics, stores] = [new Map<string, number>(), new Map<string, number>()];
    const add = (sums: Map<string, number>, name: string, bytes: number) =>
      sums.set(name, (sums.get(name) ?? 0) + bytes);
    tables.batches.forEach({}, ({ partitionId }, value) => {
      add(topics, topicOf.get(partitionId) ?? '?', BATCH_KEY_BYTES + value.length);
      return true;
    });
    tables.state.forEach({}, ({ storeId, text }, value) => {
      add(stores, storeOf.get(storeId) ?? '?', STATE_KEY_BYTES + text.length + value.length);
      return true;
    });
    return { topics: sorted(topics), stores: sorted(stores) };
  } finally {
    await environment.close();
  }
}

/** What ClickHouse's tables take on disk, as they lie there and after all parts are merged. */
export async function clickHouseBytes(
  directory: string,
): Promise<{ readonly asWritten: Bytes; readonly merged: Bytes }> {
  const store = await openEmbeddedClickHouse(directory, undefined, Date.now);
  try {
    const { clickhouse } = store;
    const sizes = async () => {
      const rows = await clickhouse.rows<{ readonly table: string; readonly bytes: string }>(
        "SELECT table, toString(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE database = 'headrace' AND active GROUP BY table",
      );
      return sorted(new Map(rows.map(({ table, bytes }) => [table, Number(bytes)])));
    };
    const asWritten = await sizes();
    for (const table of Object.keys(asWritten)) await clickhouse.command(`OPTIMIZE TABLE headrace.${table} FINAL`);
    return { asWritten, merged: await sizes() };
  } finally {
    await store.close();
  }
}

function sorted(sums: ReadonlyMap<string, number>): Bytes {
  return Object.fromEntries([...sums].sort(([, one], [, other]) => other - one));
}
