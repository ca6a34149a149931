import { expect, test } from 'vitest';
import { abandonedSockets } from '../../../../../src/log/kafka/client/corrections/abandoned-sockets.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { askingFor, connectionTo } from '../kafkajs-connections.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { prepareBroker } from '../prepared-broker.ts';

/** Closes and opens again at once; the end of the first socket comes while a request waits on the second. */
async function reopened(load: LoadModule): Promise<unknown> {
  const broker = await prepareBroker(async ({ body }) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return body;
  });
  try {
    const connection = connectionTo(load, broker.port);
    await connection.connect();
    await connection.disconnect();
    await connection.connect();
    const outcome = await outcomeOf(connection.send(askingFor(load, 'on the second socket')));
    await connection.disconnect();
    return outcome;
  } finally {
    await broker.close();
  }
}

test('the end of a former socket does not end the one that took its place', async () => {
  expect(await reopened(stock)).toMatchObject({ name: 'KafkaJSConnectionClosedError' });
  expect(await reopened(corrected(abandonedSockets))).toBe('on the second socket');
});

test('a socket that was given up is destroyed, though the peer does not close its side', async () => {
  const mended = corrected(abandonedSockets);
  const broker = await prepareBroker(() => 'silence');
  try {
    for (const [load, isDestroyed] of [
      [stock, false],
      [mended, true],
    ] as const) {
      const connection = connectionTo(load, broker.port);
      await connection.connect();
      await expect.poll(() => broker.sockets.size).toBeGreaterThan(0);
      for (const socket of broker.sockets) socket.allowHalfOpen = true;
      const { socket } = connection;
      await connection.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(socket.destroyed).toBe(isDestroyed);
      socket.destroy();
    }
  } finally {
    await broker.close();
  }
});
