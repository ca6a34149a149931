import { afterAll, beforeAll, expect, test } from 'vitest';
import { KafkaConnection } from '../../../../src/log/kafka/client/connection.ts';
import type { KafkaSasl } from '../../../../src/log/kafka/client/connection-options.ts';
import { Kafka, logLevel } from '../../../../src/log/kafka/client/index.ts';
import { metadata } from '../../../../src/log/kafka/protocol/requests/metadata.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';
import { outcomeOf } from './libraries.ts';
import { securedBroker } from './secured-brokers.ts';

const secured = await securedBroker();
// Before the suite's own hook, which starts the broker with that certificate.
beforeAll(() => secured.makeCertificate());
afterAll(() => secured.remove());

const alice = { username: 'alice', password: 'secret' };
const wrong = { username: 'alice', password: 'guessed' };

/** An unsigned token of RFC 7515, as the JVM's validator for development takes it. */
function token(expiresInSeconds: number): KafkaSasl {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const value = `${part({ alg: 'none' })}.${part({ sub: 'alice', iat: now - 60, exp: now + expiresInSeconds })}.`;
  return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value }) };
}

kafkaSuite('authentication against Apache Kafka', secured.options, () => {
  const asked = async (sasl: KafkaSasl | undefined, tls?: object): Promise<unknown> => {
    const port = tls === undefined ? secured.saslPort : secured.tlsPort;
    const options = {
      clientId: 'test',
      ...(sasl === undefined ? {} : { sasl }),
      ...(tls === undefined ? {} : { tls }),
    };
    const connection = new KafkaConnection({ host: '127.0.0.1', port }, options);
    try {
      await connection.connect();
      return (await connection.send(metadata({ topics: [] }), 5_000)).brokers.length;
    } finally {
      await connection.close();
    }
  };

  test.each<readonly [string, KafkaSasl, KafkaSasl]>([
    ['PLAIN', { mechanism: 'plain', ...alice }, { mechanism: 'plain', ...wrong }],
    ['SCRAM-SHA-256', { mechanism: 'scram-sha-256', ...alice }, { mechanism: 'scram-sha-256', ...wrong }],
    ['SCRAM-SHA-512', { mechanism: 'scram-sha-512', ...alice }, { mechanism: 'scram-sha-512', ...wrong }],
    ['OAUTHBEARER', token(3_600), token(-30)],
  ])('%s: lets in who has the credentials, and refuses others', async (_name, right, guessed) => {
    expect(await asked(right)).toBe(1);
    expect(await outcomeOf(asked(guessed))).toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('check user, password and mechanism'),
    });
  });

  test('nobody without credentials', async () => {
    expect(await outcomeOf(asked(undefined))).toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringMatching(/SASL or TLS/),
    });
  });

  test('over TLS, with the authority that is named', async () => {
    const sasl: KafkaSasl = { mechanism: 'scram-sha-512', ...alice };
    expect(await asked(sasl, { ca: secured.certificate() })).toBe(1);
    expect(await outcomeOf(asked(sasl, {}))).toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringMatching(/certificate/),
    });
  });

  test('a connection outlives its session: it is renewed while requests go on', async () => {
    const sasl: KafkaSasl = { mechanism: 'plain', ...alice };
    const connection = new KafkaConnection({ host: '127.0.0.1', port: secured.saslPort }, { clientId: 'test', sasl });
    await connection.connect();
    const until = performance.now() + 2 * secured.sessionMs + 500;
    while (performance.now() < until) {
      const answers = await Promise.all([
        connection.send(metadata({ topics: [] }), 5_000),
        connection.send(metadata({ topics: [] }), 5_000),
      ]);
      expect(answers.map(({ brokers }) => brokers.length)).toEqual([1, 1]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(connection.isOpen).toBe(true);
    await connection.close();
  });

  test('the corrected kafkajs as well', async () => {
    const ssl = { ca: secured.certificate() };
    const kafka = new Kafka({
      clientId: 'test',
      brokers: [`127.0.0.1:${secured.tlsPort}`],
      ssl,
      sasl: { mechanism: 'scram-sha-256', ...alice },
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    expect(await admin.listTopics()).toEqual([]);
    await admin.disconnect();
  });
});
