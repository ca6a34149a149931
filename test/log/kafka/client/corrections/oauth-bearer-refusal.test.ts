import { expect, test } from 'vitest';
import { oauthBearerRefusal } from '../../../../../src/log/kafka/client/corrections/oauth-bearer-refusal.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { connectionTo } from '../kafkajs-connections.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { API, bytes, int16, int32, int64, prepareBroker, string } from '../prepared-broker.ts';

const versions = {
  [API.saslHandshake]: { minVersion: 0, maxVersion: 1 },
  [API.saslAuthenticate]: { minVersion: 0, maxVersion: 1 },
};
const REFUSAL = Buffer.from('{"status":"invalid_token"}');
const NOTHING = Buffer.alloc(0);

/** Authenticates with a token at a broker that knows one; RFC 7628 has the refusal as data first, and as an error on the next byte. */
async function authenticated(load: LoadModule, token: string) {
  const said: string[] = [];
  const broker = await prepareBroker(({ apiKey, body }) => {
    if (apiKey === API.saslHandshake) return Buffer.concat([int16(0), int32(1), string('OAUTHBEARER')]);
    const text = body.subarray(4).toString();
    said.push(text);
    if (text === '\x01') return Buffer.concat([int16(58), string('invalid token'), bytes(NOTHING), int64(0)]);
    return Buffer.concat([int16(0), int16(-1), bytes(text.includes('Bearer good') ? NOTHING : REFUSAL), int64(0)]);
  });
  try {
    const sasl = { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token }) };
    const connection = connectionTo(load, broker.port, { sasl });
    await connection.connect();
    connection.setVersions(versions);
    connection.setSupportAuthenticationProtocol(true);
    const outcome = await outcomeOf(connection.authenticate());
    await connection.disconnect();
    return { outcome, said };
  } finally {
    await broker.close();
  }
}

test('a token that the broker refuses is an authentication error, where stock takes it for accepted', async () => {
  expect((await authenticated(stock, 'bad')).outcome).toBeUndefined();
  const { outcome, said } = await authenticated(corrected(oauthBearerRefusal), 'bad');
  expect(outcome).toMatchObject({
    name: 'KafkaJSSASLAuthenticationError',
    message: expect.stringContaining('invalid'),
  });
  expect(said.at(-1)).toBe('\x01');
});

test('a good token is accepted with one message', async () => {
  const { outcome, said } = await authenticated(corrected(oauthBearerRefusal), 'good');
  expect(outcome).toBeUndefined();
  expect(said).toHaveLength(1);
});
