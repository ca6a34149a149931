import { expect, test } from 'vitest';
import { sharedConnect } from '../../../../../src/log/kafka/client/corrections/shared-connect.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { connectionTo } from '../kafkajs-connections.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { prepareBroker } from '../prepared-broker.ts';

async function socketsOf(load: LoadModule): Promise<number> {
  const broker = await prepareBroker(() => 'silence');
  try {
    const connection = connectionTo(load, broker.port);
    await Promise.all([connection.connect(), connection.connect(), connection.connect()]);
    await expect.poll(() => broker.connections()).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await connection.disconnect();
    return broker.connections();
  } finally {
    await broker.close();
  }
}

test('three calls at a time open one socket, where stock opens three', async () => {
  expect(await socketsOf(stock)).toBe(3);
  expect(await socketsOf(corrected(sharedConnect))).toBe(1);
});

test('a failure is told to all who wait, and the next call tries anew', async () => {
  const broker = await prepareBroker(() => 'silence');
  await broker.close();
  const connection = connectionTo(corrected(sharedConnect), broker.port);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const outcomes = await Promise.all([outcomeOf(connection.connect()), outcomeOf(connection.connect())]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'ECONNREFUSED' });
  }
});
