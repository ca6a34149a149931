import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { callsTo, payment } from '../app/http/api/api-under-test.ts';
import { ServedProcess } from '../load/served-process.ts';
import { headrace, workplace } from './headrace.ts';

const place = workplace();
afterAll(() => place.remove());

/** Card numbers of test books, as they may be written. */
const CARDS = [
  '4111111111111111',
  '5500 0055 5555 5559',
  '3400-000000-00009',
  '6011000990139424',
  '4000000000000000006',
];

function filesBelow(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

it('a card number stands nowhere, however it came: answers, log, topics, LMDB and ClickHouse', {
  timeout: 120_000,
}, async () => {
  const data = place.file('cards');
  const served = await ServedProcess.start(data);
  onTestFinished(() => served.kill());
  const { get, post } = callsTo(served.address);
  const answers: string[] = [];
  const hear = async (asked: ReturnType<typeof get>) => {
    const { text, headers } = await asked;
    answers.push(text, JSON.stringify([...headers]));
  };
  for (const [index, card] of CARDS.entries()) {
    const path = encodeURIComponent(card);
    for (const field of [
      'description',
      'reference',
      'counterparty',
      'channel',
      'kind',
      'currency',
      'occurredAt',
      'amount',
    ]) {
      await hear(post('/transactions', payment('A', `${field}-${index}`, { [field]: `x ${card}` })));
    }
    const odd = [
      payment(card, 'account'),
      payment('A', card),
      payment('A', `nested-${index}`, { description: { deep: [card] } }),
      payment('A', `named-${index}`, { [card]: card }),
      payment('A', `unknown-${index}`, { cardNumber: card }),
      { ...payment('A', `amount-${index}`), amount: card },
      { transactionId: `bare-${index}`, accountId: card },
      card,
    ];
    await hear(post('/transactions', odd));
    if (/^\d+$/.test(card)) {
      await hear(post('/transactions', `{"transactionId":"n${index}","accountId":"A","amount":${card}}`));
      await hear(post('/transactions', `{"transactionId":"o${index}","accountId":"A","description":${card}}`));
    }
    await hear(post('/transactions', `{"transactionId":"${card}"`));
    await hear(post('/transactions', `{"${card}":1,"${card}":2}`));
    await hear(post('/transactions', payment('A', `key-${index}`), { 'idempotency-key': card }));
    await hear(post('/transactions', payment('A', `name-${index}`), { 'content-type': card }));
    for (const way of ['balance', 'transactions', 'transactions/t']) await hear(get(`/accounts/${path}/${way}`));
    await hear(get(`/accounts/A/transactions/${path}`));
    await hear(get(`/accounts/A/transactions?cursor=${path}`));
    await hear(get(`/accounts/A/transactions?${path}=1`));
    await hear(get(`/${path}`));
    const withdrawal = { withdrawalId: `w${index}`, accountId: 'A', terminalId: 'T', amount: '10.00', currency: 'EUR' };
    const asked = { ...withdrawal, requestedAt: '2026-01-01T00:00:00Z' };
    for (const field of [
      'withdrawalId',
      'accountId',
      'terminalId',
      'amount',
      'currency',
      'requestedAt',
      'reference',
      card,
    ]) {
      await hear(post('/withdrawals', { ...asked, [field]: card }));
    }
    const said = { terminalId: 'T', status: 'FAIL', occurredAt: '2026-01-01T00:00:00Z' };
    for (const change of [
      { reason: card },
      { taken: card },
      { terminalId: card },
      { notes: [{ denomination: card, count: 1 }] },
    ]) {
      await hear(post(`/withdrawals/w${index}/dispense`, { ...said, ...change }));
    }
    await hear(post(`/withdrawals/${path}/dispense`, said));
    await hear(get(`/withdrawals/${path}`));
    await hear(get(`/cases/${path}`));
    await hear(get(`/cases?terminalId=${path}`));
    await hear(post(`/cases/${path}/assign`, { by: card, to: card }));
  }
  await hear(get('/metrics'));
  expect((await get('/accounts/A/transactions/description-0?waitMs=10000')).body).toMatchObject({
    status: 'posted',
    description: 'x ************1111',
  });
  expect(await served.stop()).toBe(0);
  const written = CARDS.map((card) => Buffer.from(card));
  const bare = CARDS.map((card) => Buffer.from(card.replaceAll(/\D/g, '')));
  const files = filesBelow(data);
  expect(files.length).toBeGreaterThan(10);
  const found = [
    ...files.map((file) => [file, readFileSync(file)] as const),
    ['output', Buffer.from(served.said)] as const,
  ]
    .filter(([, content]) => [...written, ...bare].some((card) => content.includes(card)))
    .map(([file]) => file);
  expect(found).toEqual([]);
  // ClickHouse compresses what it stores: there the text is asked for.
  const texts = await Promise.all(
    ['transactions', 'rejected_transactions', 'dead_letters', 'postings'].map((table) =>
      headrace(['query', `SELECT * FROM headrace.${table}`, '--json', '--data', data]),
    ),
  );
  const everything = [...answers, ...texts.map(({ out }) => out)].join('\n');
  expect(texts.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  expect(everything).toContain('************1111');
  for (const card of [...CARDS, ...bare.map(String)]) expect(everything.includes(card), card).toBe(false);
});

it('a request under an Idempotency-Key is done once, though the process was killed when its answer was on the way', async () => {
  const served = await ServedProcess.start(place.file('killed'));
  onTestFinished(() => served.kill());
  const { get, post } = callsTo(served.address);
  const key = { 'idempotency-key': 'salary-run-7' };
  const body = Array.from({ length: 50 }, (_, i) => payment(`A${i % 7}`, `k${i}`));
  const first = await post('/transactions', body, key);
  await served.kill();
  await served.start();
  const again = await post('/transactions', body, key);
  expect(again.text).toBe(first.text);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await post('/transactions', body.slice(1), key)).status).toBe(422);

  // This time nobody hears the answer: whatever was done before the kill, afterwards it is done once.
  const unheard = body.map((each) => ({ ...each, transactionId: `u${each.transactionId}` }));
  const lost = post('/transactions', unheard, { 'idempotency-key': 'salary-run-8' }).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 4));
  await served.kill();
  await lost;
  await served.start();
  const taken = await post('/transactions', unheard, { 'idempotency-key': 'salary-run-8' });
  expect(taken.status).toBe(202);
  for (const { accountId, transactionId } of taken.body.results) {
    expect((await get(`/accounts/${accountId}/transactions/${transactionId}?waitMs=10000`)).body.status).toBe('posted');
  }
  for (let account = 0; account < 7; account++) {
    const { sequence } = (await get(`/accounts/A${account}/balance`)).body;
    expect(sequence).toBe(body.filter(({ accountId }) => accountId === `A${account}`).length * 2);
  }
  expect(await served.stop()).toBe(0);
  const { out } = await headrace([
    'query',
    'SELECT count() AS n FROM headrace.rejected_transactions',
    '--json',
    '--data',
    place.file('killed'),
  ]);
  expect(JSON.parse(out)).toEqual({ n: '0' });
}, 120_000);

it('a port that is taken, a host beyond this machine without keys, and half of TLS end the start with a reason', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { readonly port: number };
  const start = (...more: string[]) => headrace(['start', '--no-traffic', '--data', place.file('wrong'), ...more]);
  expect(await start('--port', String(port))).toMatchObject({
    status: 2,
    err: expect.stringContaining(`Port ${port} of 127.0.0.1 is taken`),
  });
  expect(await start('--port', '0', '--host', '0.0.0.0')).toMatchObject({
    status: 2,
    err: expect.stringContaining('--api-keys'),
  });
  expect(await start('--port', '0', '--tls-cert', 'cert.pem')).toMatchObject({
    status: 2,
    err: expect.stringContaining('--tls-key'),
  });
  expect(await start('--port', '0', '--api-keys', place.file('none'))).toMatchObject({
    status: 2,
    err: expect.stringContaining('none'),
  });
});
