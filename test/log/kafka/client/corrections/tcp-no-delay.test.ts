import { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { tcpNoDelay } from '../../../../../src/log/kafka/client/corrections/tcp-no-delay.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { connectionTo } from '../kafkajs-connections.ts';
import { corrected, stock } from '../libraries.ts';
import { prepareBroker } from '../prepared-broker.ts';

afterEach(() => vi.restoreAllMocks());

/** Whether the option was set on the socket of a connection: Node gives no way to read it back. */
async function isDelayOff(load: LoadModule): Promise<boolean> {
  const broker = await prepareBroker(() => 'silence');
  const set = vi.spyOn(Socket.prototype, 'setNoDelay');
  try {
    const connection = connectionTo(load, broker.port);
    await connection.connect();
    const isOff = set.mock.contexts.some(
      (socket, call) => socket === connection.socket && set.mock.calls[call]?.[0] === true,
    );
    await connection.disconnect();
    return isOff;
  } finally {
    set.mockRestore();
    await broker.close();
  }
}

test("Nagle's algorithm is off", async () => {
  expect(await isDelayOff(stock)).toBe(false);
  expect(await isDelayOff(corrected(tcpNoDelay))).toBe(true);
});
