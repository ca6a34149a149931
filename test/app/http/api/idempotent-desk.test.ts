import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ApiLimits } from '../../../../src/app/http/api/api-limits.ts';
import { IDEMPOTENCY_TOPIC } from '../../../../src/app/http/api/idempotency-keys.ts';
import { type ApiTestOptions, type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
afterAll(() => place.remove());
let directories = 0;

async function opened(options: Partial<ApiTestOptions> = {}): Promise<ApiUnderTest & { readonly data: string }> {
  const data = options.dataDirectory ?? place.data(`d${directories++}`);
  const api = await openApi({ runsEngine: false, ...options, dataDirectory: data });
  onTestFinished(() => api.close());
  return { ...api, data };
}

const ends = async (api: ApiUnderTest, topic = 'transactions') =>
  (await api.node.watermarks(topic)).reduce((sum, { end }) => sum + end, 0);
const key = (text: string) => ({ 'idempotency-key': text });
const batch = [payment('A', '1'), payment('', '2'), payment('B', '3'), payment('A', '4'), payment('C', '5')];

describe('a request with an Idempotency-Key', () => {
  it('is done once: the same again gets the same answer, also from the next process', async () => {
    const api = await opened();
    const first = await api.post('/transactions', batch, key('k1'));
    expect(first.status).toBe(202);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    // Others come between, so that positions can't be guessed.
    await api.post('/transactions', [payment('A', '6'), payment('B', '7')]);
    const again = await api.post('/transactions', batch, key('k1'));
    expect({ ...again, headers: 0 }).toEqual({ ...first, headers: 0 });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await ends(api)).toBe(6);

    await api.close();
    const next = await opened({ dataDirectory: api.data });
    expect((await next.post('/transactions', batch, key('k1'))).text).toBe(first.text);
    expect((await next.post('/transactions', batch, key('"k1"'))).text).toBe(first.text);
    const single = await next.post('/transactions', payment('A', '8'), key('k2'));
    expect((await next.post('/transactions', payment('A', '8'), key('k2'))).text).toBe(single.text);
    expect(await ends(next)).toBe(7);
  });

  it('is refused with 422 where the key was used for another body or path', async () => {
    const api = await opened();
    await api.post('/transactions', payment('A', '1'), key('k'));
    const refused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await api.post('/transactions', payment('A', '2'), key('k'))).toMatchObject(refused);
    expect(await api.post('/transactions', [payment('A', '1')], key('k'))).toMatchObject(refused);
    const withdrawal = { withdrawalId: 'W', accountId: 'A', terminalId: 'T', amount: '10.00', currency: 'EUR' };
    const other = await api.post('/withdrawals', { ...withdrawal, requestedAt: '2026-01-01T00:00:00Z' }, key('k'));
    expect(other).toMatchObject(refused);
    expect(await ends(api)).toBe(1);
  });

  it('is refused with 409 while one with the same key is under way', async () => {
    const api = await opened();
    const hold = await api.node.hold();
    const first = api.post('/transactions', payment('A', '1'), key('k'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = await api.post('/transactions', payment('A', '1'), key('k'));
    expect(second).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' } });
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    await hold.release();
    expect((await first).status).toBe(202);
    expect((await api.post('/transactions', payment('A', '1'), key('k'))).text).toBe((await first).text);
    expect(await ends(api)).toBe(1);
  });

  it('was not done where the log had no room, and may be sent again under its key', async () => {
    const api = await opened({ limits: { holdWaitMaxMs: 50 } });
    const hold = await api.node.hold();
    const refused = await api.post('/transactions', payment('A', '1'), key('k'));
    expect(refused).toMatchObject({ status: 503, body: { code: 'LOG_BACKPRESSURE' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    await hold.release();
    const taken = await api.post('/transactions', payment('A', '1'), key('k'));
    expect(taken.status).toBe(202);
    expect(taken.headers.get('idempotency-replayed')).toBeNull();
    expect(await ends(api)).toBe(1);
  });

  it('gets its refusal again where nothing of it was taken', async () => {
    const api = await opened();
    const first = await api.post('/transactions', [{}, {}], key('k'));
    expect(first.status).toBe(422);
    expect((await api.post('/transactions', [{}, {}], key('k'))).text).toBe(first.text);
    expect((await api.post('/transactions', payment('A', '1'), key('k'))).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it.each([
    ['a card number', '4111-1111-1111-1111', 'CARD_NUMBER'],
    ['more characters than the limit', 'k'.repeat(201), 'IDEMPOTENCY_KEY_INVALID'],
    ['nothing', '', 'IDEMPOTENCY_KEY_INVALID'],
    ['a space', 'a b', 'IDEMPOTENCY_KEY_INVALID'],
    ['other letters', 'ü', 'IDEMPOTENCY_KEY_INVALID'],
  ])('is refused with %s as its key', async (_what, bad, code) => {
    const api = await opened();
    const { status, text } = await api.post('/transactions', payment('A', '1'), key(bad));
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 400, code });
    expect(text).not.toContain('4111');
    expect(await ends(api)).toBe(0);
  });
});

describe('the keys that are kept', () => {
  const limited = async (limits: Partial<ApiLimits>, clock: () => number, dataDirectory?: string) =>
    opened({ limits, node: { clock }, ...(dataDirectory === undefined ? {} : { dataDirectory }) });
  const post = (api: ApiUnderTest, name: string) => api.post('/transactions', payment('A', name), key(name));
  const isReplayed = async (api: ApiUnderTest, name: string) =>
    (await post(api, name)).headers.get('idempotency-replayed') === 'true';

  it('are forgotten after their time, in memory and in the log', async () => {
    let now = Date.now();
    const api = await limited({ idempotencyMs: 1_000 }, () => now);
    await post(api, 'k1');
    now += 500;
    expect(await isReplayed(api, 'k1')).toBe(true);
    await post(api, 'k2');
    now += 600;
    expect(await isReplayed(api, 'k2')).toBe(true);
    expect(await isReplayed(api, 'k1')).toBe(false);
    await api.close();
    const next = await limited({ idempotencyMs: 1_000 }, () => now, api.data);
    expect(await isReplayed(next, 'k1')).toBe(true);
    // k1, k2, the tombstone of k1, and k1 again: no key stays for ever.
    expect(await ends(next, IDEMPOTENCY_TOPIC.name)).toBe(4);
  });

  it('are bounded in number: the oldest goes', async () => {
    const api = await limited({ idempotencyKeysMax: 3 }, Date.now);
    for (const name of ['k1', 'k2', 'k3', 'k4']) await post(api, name);
    expect(await isReplayed(api, 'k2')).toBe(true);
    expect(await isReplayed(api, 'k4')).toBe(true);
    expect(await isReplayed(api, 'k1')).toBe(false);
  });

  it("are each client's own, and no key can be read from the log", async () => {
    const api = await opened();
    await api.post('/transactions', payment('A', '1'), key('my-secret-key'));
    const records = await api.node.read(IDEMPOTENCY_TOPIC.name, 0, 0);
    const kept = records.map(({ key: own, value }) => Buffer.concat([own!, value!]).toString()).join();
    expect(kept).not.toContain('my-secret-key');
  });
});
