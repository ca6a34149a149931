import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectStore, dailySummary, lastTransactions } from 'headrace/queries';
import { expect, test } from 'vitest';
import { type ClickHouse, readText } from '../../../src/clickhouse/clickhouse.ts';
import { withStore } from '../temporary-store.ts';
import { modelOf, recordsOf, write } from './ledger-model.ts';

/** As much of a ClickHouse server as questions need, over the embedded engine. */
async function served<T>(clickhouse: ClickHouse, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const given = new URL(request.url ?? '', 'http://localhost').searchParams;
    const sql = given.get('query') ?? Buffer.concat(chunks).toString();
    const parameters = [...given].flatMap(([name, value]) =>
      name.startsWith('param_') ? [[name.slice(6), value]] : [],
    );
    const settings = [...given].filter(([name]) => /^(output_format|date_time)/.test(name));
    const format = given.get('default_format') ?? 'JSONEachRow';
    response.end(
      await readText(clickhouse, sql.replace(/\s+FORMAT JSONEachRow$/, ''), {
        format,
        parameters: Object.fromEntries(parameters),
        settings: Object.fromEntries(settings),
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('questions to a server are answered as by the embedded engine', async () => {
  await withStore(async (store) => {
    await write(store, recordsOf(modelOf(300)));
    await served(store.clickhouse, async (url) => {
      const connected = await connectStore(url);
      const days = { account: 'Zürich-ž', from: '1900-01-01', until: '2200-01-01' };
      const last = { account: 'A-1', limit: 1_000 };
      const [ours, theirs] = [store.clickhouse, connected];
      expect(await dailySummary(theirs, days)).toEqual(await dailySummary(ours, days));
      expect(await lastTransactions(theirs, last)).toEqual(await lastTransactions(ours, last));
      expect((await lastTransactions(theirs, last)).length).toBeGreaterThan(50);
      await connected.close();
    });
  });
});

test('an address that is none is refused', async () => {
  await expect(connectStore('nowhere')).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED' });
});
