import { createHook } from 'node:async_hooks';
import { afterEach, expect, test } from 'vitest';
import { idleWakeUps } from '../../../../../src/log/kafka/client/corrections/idle-wake-ups.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { askingFor, type Connection, connectionTo } from '../kafkajs-connections.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { type Answer, type CameRequest, type PreparedBroker, prepareBroker } from '../prepared-broker.ts';

const mended = corrected(idleWakeUps);
const opened: { broker: PreparedBroker; connection: Connection }[] = [];
const closeAll = async () => {
  for (const { broker, connection } of opened.splice(0)) {
    connection.socket.destroy();
    await connection.disconnect();
    await broker.close();
  }
};
afterEach(closeAll);

async function open(load: LoadModule, answer: (request: CameRequest) => Answer, options: object = {}) {
  const broker = await prepareBroker(answer);
  const connection = connectionTo(load, broker.port, options);
  await connection.connect();
  opened.push({ broker, connection });
  return connection;
}

/** Timers that are made while a connection, which has sent one request, stands idle for 300 ms. */
async function timersWhileIdle(load: LoadModule): Promise<number> {
  const connection = await open(load, ({ body }) => body);
  expect(await connection.send(askingFor(load, 'once'))).toBe('once');
  let timers = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'Timeout') timers += 1;
    },
  });
  hook.enable();
  await new Promise((resolve) => setTimeout(resolve, 300));
  hook.disable();
  await closeAll();
  return timers - 1;
}

test('an idle connection makes no timers, where stock makes one every millisecond', async () => {
  expect(await timersWhileIdle(stock)).toBeGreaterThan(50);
  // The test runner has a few of its own.
  expect(await timersWhileIdle(mended)).toBeLessThan(5);
});

test('a request out of time still rejects, and leaves no timer when it is answered', async () => {
  const connection = await open(mended, ({ body }) => (body.toString() === 'quiet' ? 'silence' : body), {
    requestTimeout: 80,
  });
  expect(await connection.send(askingFor(mended, 'answered'))).toBe('answered');
  const began = performance.now();
  expect(await outcomeOf(connection.send(askingFor(mended, 'quiet')))).toMatchObject({
    name: 'KafkaJSRequestTimeoutError',
  });
  expect(performance.now() - began).toBeGreaterThan(70);
});

test('requests over the limit in flight still go out, in their order', async () => {
  const connection = await open(mended, ({ body }) => body, { maxInFlightRequests: 1 });
  const texts = ['a', 'b', 'c', 'd'];
  expect(await Promise.all(texts.map((text) => connection.send(askingFor(mended, text))))).toEqual(texts);
});
