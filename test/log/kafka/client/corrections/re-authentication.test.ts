import { expect, test } from 'vitest';
import { reAuthentication } from '../../../../../src/log/kafka/client/corrections/re-authentication.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { askingFor, connectionTo } from '../kafkajs-connections.ts';
import { corrected, stock } from '../libraries.ts';
import { API, bytes, int16, int32, int64, prepareBroker, string } from '../prepared-broker.ts';

const versions = {
  [API.saslHandshake]: { minVersion: 0, maxVersion: 1 },
  [API.saslAuthenticate]: { minVersion: 0, maxVersion: 1 },
};

/** How often a connection authenticates for ten requests in a session of five seconds. */
async function authentications(load: LoadModule): Promise<number> {
  const broker = await prepareBroker(({ apiKey, body }) => {
    if (apiKey === API.saslHandshake) return Buffer.concat([int16(0), int32(1), string('PLAIN')]);
    if (apiKey === API.saslAuthenticate)
      return Buffer.concat([int16(0), int16(-1), bytes(Buffer.alloc(0)), int64(5_000)]);
    return body;
  });
  try {
    const connection = connectionTo(load, broker.port, { sasl: { mechanism: 'plain', username: 'u', password: 'p' } });
    await connection.connect();
    connection.setVersions(versions);
    connection.setSupportAuthenticationProtocol(true);
    await connection.authenticate();
    for (let each = 0; each < 10; each += 1) await connection.send(askingFor(load, 'x'));
    await connection.disconnect();
    return broker.requests.filter(({ apiKey }) => apiKey === API.saslAuthenticate).length;
  } finally {
    await broker.close();
  }
}

test('a session shorter than ten seconds is not renewed before every request', async () => {
  expect(await authentications(stock)).toBe(11);
  expect(await authentications(corrected(reAuthentication))).toBe(1);
});
