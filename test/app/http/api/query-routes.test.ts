import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
let api: ApiUnderTest;
beforeAll(async () => {
  api = await openApi({ dataDirectory: place.data() });
  const days = Array.from({ length: 60 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i * 9)).toISOString());
  await api.post(
    '/transactions',
    days.map((occurredAt, i) => payment("O'Brien & co", `t${i + 1}`, { occurredAt, reference: 'r 1' })),
  );
  await api.node.drain();
});
afterAll(async () => {
  await api.close();
  place.remove();
});

const RUNNING =
  "SELECT 1 FROM system.processes WHERE query LIKE '%counterparty%' AND query NOT LIKE '%system.processes%'";
const account = `account=${encodeURIComponent("O'Brien & co")}`;

describe('the named queries', () => {
  it('are listed with parameters and columns', async () => {
    const { status, body } = await api.get('/queries');
    expect(status).toBe(200);
    expect(body.queries).toHaveLength(12);
    expect(body.queries.find(({ name }: { name: string }) => name === 'daily-summary')).toMatchObject({
      parameters: [
        { name: 'account', type: 'String', expected: 'a text of at most 1000 characters' },
        { name: 'from', type: 'Date32', description: 'first day' },
        { name: 'until', type: 'Date32' },
      ],
      columns: [{ name: 'day', description: 'the day' }, {}, {}, {}, {}],
    });
  });

  it('answer rows as ClickHouse has them, money with four decimals', async () => {
    const { status, body } = await api.get(`/queries/last-transactions?${account}&limit=2`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      query: 'last-transactions',
      rows: [
        { sequence: '60', transaction_id: 't60', amount: '10.0000', balance_after: '600.0000', is_overdrawn: false },
        { sequence: '59', transaction_id: 't59', occurred_at: '2025-06-06T00:00:00.000Z' },
      ],
    });
    const next = await api.get(`/queries/last-transactions?${account}&limit=2&before=59&near=2025-06-06T00:00:00.000Z`);
    expect(next.body.rows.map(({ sequence }: { sequence: string }) => sequence)).toEqual(['58', '57']);
    const until = await api.get(`/queries/balance-as-of?${account}&moment=2024-12-31T00:00:00Z`);
    expect(until.body.rows).toEqual([
      {
        currency: 'EUR',
        balance: '410.0000',
        balance_after: '410.0000',
        last_sequence: '41',
        last_occurred_at: '2024-12-26T00:00:00.000Z',
        transaction_count: '41',
      },
    ]);
    expect((await api.get('/queries/transaction-by-id?transaction=none')).body).toEqual({
      query: 'transaction-by-id',
      rows: [],
    });
  });

  it('refuse parameters that are missing, unknown, doubled or of another type, and never repeat them', async () => {
    const refusal = async (path: string) => {
      const { status, body } = await api.get(path);
      expect(body.detail).not.toContain('secret');
      return [status, body.code, body.detail];
    };
    expect(await refusal('/queries/daily-summary?account=A&from=2024-01-01')).toEqual([
      400,
      'QUERY_INVALID',
      'daily-summary needs until: the day behind the last',
    ]);
    expect(await refusal('/queries/velocity?account=A&secret=1')).toEqual([
      400,
      'QUERY_INVALID',
      'velocity has no such parameter: it takes account, moment',
    ]);
    expect(await refusal('/queries/last-transactions?account=A&limit=secret')).toEqual([
      400,
      'QUERY_INVALID',
      'limit must be a whole number from 1 to 1000: it is transactions at most',
    ]);
    expect(await refusal('/queries/last-transactions?account=A&account=secret')).toEqual([
      400,
      'QUERY_INVALID',
      'A parameter is given more than once',
    ]);
    expect(await refusal('/queries/secret?account=A')).toEqual([
      404,
      'QUERY_UNKNOWN',
      expect.stringMatching(/there are balance-as-of, .*velocity$/),
    ]);
    expect((await api.post('/queries/velocity', {})).status).toBe(405);
  });

  it('refuse an answer of more rows than can be held', async () => {
    for (let from = 0; from < 10_000; from += 1_000) {
      const some = Array.from({ length: 1_000 }, (_, i) => payment('busy', `b${from + i}`));
      expect((await api.post('/transactions', some)).status).toBe(202);
    }
    await api.node.drain();
    const { status, body } = await api.get('/queries/statement?account=busy&from=2026-01-01&until=2026-01-02');
    expect([status, body.code]).toEqual([422, 'RESULT_TOO_LARGE']);
    const before = await api.get('/queries/statement?account=busy&from=2026-01-02&until=2026-01-03');
    expect(before.body.rows).toMatchObject([{ line: 'opening', balance: '100000.0000' }, { line: 'closing' }]);
  }, 60_000);

  it('stand in the document with their parameters', async () => {
    const { body } = await api.get('/openapi.json');
    const operation = body.paths['/queries/last-transactions'].get;
    expect(operation).toMatchObject({ operationId: 'lastTransactions', tags: ['Queries'] });
    const shown = operation.parameters.map(({ name, required }: { name: string; required: boolean }) => [
      name,
      required,
    ]);
    expect(shown).toEqual([
      ['account', true],
      ['limit', false],
      ['before', false],
      ['near', false],
      ['months', false],
      ['dense', false],
    ]);
  });
});

it('end with the client that goes away', async () => {
  const { clickhouse } = await api.node.store();
  // Each part of this column takes seconds to read: there are parts of twenty months.
  await clickhouse.command('ALTER TABLE headrace.transactions_rows DROP COLUMN counterparty');
  await clickhouse.command(
    "ALTER TABLE headrace.transactions_rows ADD COLUMN counterparty String DEFAULT if(sleepEachRow(0.5) = 0, 'x', 'y')",
  );
  const running = async () => (await clickhouse.rows(RUNNING)).length;
  const gone = new AbortController();
  const path = `/queries/largest-counterparties?${account}&from=2024-01-01&until=2026-01-01`;
  const asking = fetch(`${api.address}${path}`, { signal: gone.signal }).catch(() => 'gone');
  await expect.poll(running, { timeout: 5_000 }).toBe(1);
  gone.abort();
  expect(await asking).toBe('gone');
  await expect.poll(running, { timeout: 3_000 }).toBe(0);
}, 30_000);

it('are not answered before the engine runs', async () => {
  const resting = await openApi({ dataDirectory: place.data('resting'), runsEngine: false });
  try {
    const { status, body } = await resting.get('/queries/velocity?account=A&moment=2024-01-01');
    expect([status, body.code]).toEqual([503, 'NOT_RUNNING']);
  } finally {
    await resting.close();
  }
});
