import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { runThread } from '../../../src/app/threads/run-thread.ts';
import type { FromThread, ThreadOrders, ToThread } from '../../../src/app/threads/thread-messages.ts';

/** A port at which nobody listens: what needs brokers is tested with them, by test/e2e/kafka-threads.test.ts. */
const NOBODY = '127.0.0.1:1';

/** What runs in a thread, in this one, with a channel to it. */
function setUp(options: Partial<ThreadOrders['options']> = {}) {
  const path = mkdtempSync(join(tmpdir(), 'headrace-thread-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const orders: ThreadOrders = {
    number: 1,
    folder: join(path, 'threads', '1'),
    logDirectory: path,
    instance: 'i-1',
    statePlace: undefined,
    options: { kafka: NOBODY, ...options },
  };
  const { port1, port2 } = new MessageChannel();
  const messages: FromThread[] = [];
  const waiting = new Map<string, () => void>();
  port1.on('message', (message: FromThread) => {
    messages.push(message);
    waiting.get(message.kind)?.();
  });
  onTestFinished(() => port1.close());
  return {
    path,
    orders,
    start: () => runThread(orders, port2, Date.now),
    send: (message: ToThread) => port1.postMessage(message),
    async heard<Kind extends FromThread['kind']>(kind: Kind): Promise<Extract<FromThread, { kind: Kind }>> {
      const find = () => messages.find((message) => message.kind === kind) as Extract<FromThread, { kind: Kind }>;
      if (find() === undefined) await new Promise<void>((resolve) => waiting.set(kind, resolve));
      return find();
    },
  };
}

it('tells figures, and faults with who met them, waits for brokers that are away, and is closed in good order', async () => {
  const thread = setUp();
  await thread.start();
  const error = { code: 'KAFKA_UNAVAILABLE', message: expect.stringContaining(NOBODY) };
  expect(await thread.heard('fault')).toMatchObject({ source: 'account-ledger', error });
  const { figures } = await thread.heard('figures');
  expect(figures).toMatchObject({ processed: 0, lag: 0 });
  expect(figures.workers.map(({ application, member }) => `${application}-${member}`)).toEqual([
    'account-ledger-worker-1',
    'atm-dispense-worker-1',
    'reconciliation-worker-1',
  ]);
  thread.send({ kind: 'close' });
  await thread.heard('closed');
});

it('a folder that can not be opened is told, and it is closed all the same', async () => {
  const thread = setUp();
  mkdirSync(join(thread.path, 'threads'));
  writeFileSync(thread.orders.folder, '');
  await thread.start();
  expect(await thread.heard('failed')).toMatchObject({ error: { code: 'DATA_DIRECTORY_INVALID' } });
  thread.send({ kind: 'close' });
  await thread.heard('closed');
});

it('so is a schema registry that does not answer', async () => {
  const thread = setUp({ schemaRegistry: `http://${NOBODY}` });
  await thread.start();
  expect(await thread.heard('failed')).toMatchObject({ error: { code: 'SCHEMA_UNAVAILABLE' } });
});
