import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
let api: ApiUnderTest;
beforeAll(async () => {
  api = await openApi({ dataDirectory: place.data() });
  await api.post('/transactions', payment('A', 'salary', { amount: '1000.00' }));
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) {
    const withdrawal = { withdrawalId: id, accountId: 'A', terminalId: `T-${id}`, amount: '50.00', currency: 'EUR' };
    await api.post('/withdrawals', { ...withdrawal, requestedAt: '2026-01-01T00:00:00Z' });
    const retracted = { terminalId: `T-${id}`, status: 'RETRACTED', occurredAt: '2026-01-01T00:01:00Z' };
    await api.post(`/withdrawals/${id}/dispense`, retracted);
  }
  await api.node.drain();
});
afterAll(async () => {
  await api.close();
  place.remove();
});

const caseOf = async (id: string) => (await api.get(`/cases/case:${id}`)).body;
const act = (id: string, action: 'assign' | 'resolve', body: unknown, headers = {}) =>
  api.post(`/cases/case:${id}/${action}`, body, headers);

describe('cases over HTTP', () => {
  it('are listed page by page, each once, by status and terminal', async () => {
    const seen: string[] = [];
    let path = '/cases?limit=2';
    for (let pages = 0; path !== '' && pages < 5; pages++) {
      const { body } = await api.get(path);
      for (const each of body.cases) {
        expect(each).toMatchObject({ kind: 'retracted', amount: '50.00' });
        expect(each).not.toHaveProperty('history');
        seen.push(each.caseId);
      }
      path = body.cursor === undefined ? '' : `/cases?limit=2&cursor=${body.cursor}`;
    }
    expect(seen.sort()).toEqual(['c1', 'c2', 'c3', 'c4', 'c5'].map((id) => `case:${id}`));
    expect((await api.get('/cases?terminalId=T-c2')).body.cases).toMatchObject([{ caseId: 'case:c2' }]);
    expect((await api.get('/cases?status=resolved')).body.cases).toEqual([]);
    expect((await api.get('/cases?status=none')).body).toMatchObject({ code: 'QUERY_INVALID' });
    expect((await api.get('/cases?cursor=x')).body).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('show the whole history, each event with where it stands', async () => {
    const { history } = await caseOf('c1');
    expect(history.length).toBeGreaterThan(1);
    for (const entry of history) {
      expect(entry).toMatchObject({
        topic: expect.any(String),
        partition: expect.any(Number),
        offset: expect.any(Number),
      });
    }
    expect((await api.get('/cases/case:none')).body).toMatchObject({ status: 404, code: 'CASE_UNKNOWN' });
  });

  it('are assigned, and settled by two different persons', async () => {
    expect((await act('c1', 'assign', { by: 'boris', to: 'anna' })).body).toMatchObject({
      status: 'assigned',
      assignee: 'anna',
    });
    const proposed = await act('c1', 'resolve', { by: 'anna', decision: 'refund', note: 'notes were counted' });
    expect(proposed).toMatchObject({
      status: 200,
      body: { status: 'proposed', proposal: { by: 'anna', decision: 'refund' } },
    });
    const same = await act('c1', 'resolve', { by: 'anna', decision: 'refund' });
    expect(same).toMatchObject({ status: 409, headers: expect.anything() });
    expect(same.body.code).toMatch(/PERSON/);
    const resolved = await act('c1', 'resolve', { by: 'boris', decision: 'refund' });
    expect(resolved.body).toMatchObject({
      status: 'resolved',
      resolution: { decision: 'refund', persons: ['anna', 'boris'] },
    });
  });

  it('take a command once under its key', async () => {
    const key = { 'idempotency-key': 'assign-c2' };
    const first = await act('c2', 'assign', { by: 'boris', to: 'anna' }, key);
    expect(first.status).toBe(200);
    expect((await act('c2', 'assign', { by: 'boris', to: 'anna' }, key)).text).toBe(first.text);
    expect((await caseOf('c2')).version).toBe(first.body.version);
    expect((await act('c2', 'assign', { by: 'boris', to: 'carl' }, key)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it.each<[string, unknown, number, string]>([
    ['nobody', { to: 'anna' }, 400, 'BODY_INVALID'],
    ['a field that nobody knows', { by: 'a', to: 'b', amount: '1.00' }, 400, 'BODY_INVALID'],
    ['a card number in the note', { by: 'a', to: 'b', note: '4111111111111111' }, 422, 'CARD_NUMBER'],
  ])('refuse a command of %s', async (_what, body, status, code) => {
    const answer = await act('c3', 'assign', body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await caseOf('c3')).toMatchObject({ status: 'open' });
  });
});
