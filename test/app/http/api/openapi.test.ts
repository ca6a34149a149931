import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiUnderTest, dataPlace, openApi } from './api-under-test.ts';

const place = dataPlace();
let api: ApiUnderTest;
// biome-ignore lint/suspicious/noExplicitAny: the document as it is read by anyone.
let document: any;
beforeAll(async () => {
  api = await openApi({ dataDirectory: place.data(), runsEngine: false });
  document = (await api.get('/openapi.json')).body;
});
afterAll(async () => {
  await api.close();
  place.remove();
});

it('has every route, each with its answers and its problems', () => {
  expect(document.openapi).toBe('3.1.0');
  const operations = Object.entries<Record<string, unknown>>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(operations.sort()).toEqual([
    'GET /accounts/{accountId}/balance',
    'GET /accounts/{accountId}/transactions',
    'GET /accounts/{accountId}/transactions/{transactionId}',
    'GET /cases',
    'GET /cases/{caseId}',
    'GET /healthz',
    'GET /metrics',
    'GET /openapi.json',
    'GET /queries',
    'GET /queries/balance-as-of',
    'GET /queries/daily-summary',
    'GET /queries/failed-dispenses-by-terminal',
    'GET /queries/general-ledger-totals',
    'GET /queries/largest-counterparties',
    'GET /queries/last-transactions',
    'GET /queries/monthly-summary',
    'GET /queries/statement',
    'GET /queries/totals-by-currency-and-channel',
    'GET /queries/transaction-by-id',
    'GET /queries/transactions-by-reference',
    'GET /queries/velocity',
    'GET /queries/{name}',
    'GET /readyz',
    'GET /withdrawals/{withdrawalId}',
    'POST /cases/{caseId}/assign',
    'POST /cases/{caseId}/resolve',
    'POST /transactions',
    'POST /withdrawals',
    'POST /withdrawals/{withdrawalId}/dispense',
  ]);
});

it('refers to nothing that is not there, and holds no reference of another document', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target!);
  expect(references.length).toBeGreaterThan(10);
  for (const target of new Set(references)) {
    const [root, ...steps] = target.split('/');
    expect(root).toBe('#');
    let found: unknown = document;
    for (const step of steps) found = (found as Record<string, unknown>)[step];
    expect(found, target).toBeDefined();
  }
  expect(text).not.toContain('$defs');
});

it('shows limits as the routes have them', () => {
  const list = document.paths['/accounts/{accountId}/transactions'].get.parameters;
  expect(list.find(({ name }: { name: string }) => name === 'limit')).toEqual({
    name: 'limit',
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
  });
  expect(document.components.schemas.Transaction.required).toEqual(['transactionId', 'accountId']);
  expect(document.components.securitySchemes).toBeUndefined();
});
