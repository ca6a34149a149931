import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LocalNode } from '../../../../src/app/local-node.ts';
import { readJsonRows } from '../../../../src/app/query-rows.ts';
import {
  reconcileStore,
  type StoreNode,
  type StoreOptions,
  type StoreReport,
} from '../../../../src/app/reconcile/store/reconcile-store.ts';
import type { ClickHouse } from '../../../../src/clickhouse/clickhouse.ts';
import { openEmbedded } from '../../../../src/clickhouse/connection/embedded.ts';

/** Another hand on the ClickHouse of a node of this process, by which faults are planted. */
export async function openBeside(node: LocalNode): Promise<ClickHouse> {
  const clickhouse = await openEmbedded({ path: join(node.directory.path, 'clickhouse') });
  onTestFinished(() => clickhouse.close());
  return clickhouse;
}

/** Compares (and repairs) while nothing comes in. */
export async function reconciled(node: LocalNode, options: StoreOptions = {}): Promise<StoreReport> {
  const hold = await node.hold();
  try {
    await node.drain();
    return await reconcileStore(node, options);
  } finally {
    await hold.release();
  }
}

/** The node with some of its answers changed. */
export function changed(node: LocalNode, changes: Partial<StoreNode>): StoreNode {
  return {
    formats: node.formats,
    sink: node.sink,
    read: (...args) => node.read(...args),
    topics: () => node.topics(),
    watermarks: (topic) => node.watermarks(topic),
    query: (...args) => node.query(...args),
    rewrite: (change) => node.rewrite(change),
    ...changes,
  };
}

/** All that readers see of these tables, as text, but for what ClickHouse itself puts into a row when it comes (the time of intake). */
export async function seen(node: LocalNode, tables: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const all: Record<string, unknown> = {};
  for (const table of tables) {
    const own = await readJsonRows<{ readonly name: string }>(
      node,
      `SELECT name FROM system.columns WHERE database = 'headrace' AND table = '${table}' AND default_kind = '' ORDER BY position`,
    );
    const names = own.map(({ name }) => `\`${name}\``).join(', ');
    all[table] = await readJsonRows(node, `SELECT ${names} FROM headrace.${table} FINAL ORDER BY ALL`);
  }
  return all;
}

/** Names of what is wrong, table by table: `kind key columns`. */
export function wrongs({ tables }: StoreReport): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    tables
      .filter(({ agrees }) => !agrees)
      .map(({ table, named }) => [
        table.replace('headrace.', ''),
        named.map(({ kind, key, columns }) =>
          [kind, ...Object.values(key), ...(columns === undefined ? [] : [`in ${columns.join(',')}`])].join(' '),
        ),
      ]),
  );
}
