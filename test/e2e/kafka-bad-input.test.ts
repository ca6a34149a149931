import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Kafka, logLevel } from '../../src/log/kafka/client/index.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { securedBroker } from '../log/kafka/client/secured-brokers.ts';
import { endsWell, headrace, startHeadrace } from './headrace.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headrace-kafka-bad-input-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secured = await securedBroker();

describe('bad input on Apache Kafka', () => {
  beforeAll(() => secured.makeCertificate());
  afterAll(() => secured.remove());

  kafkaSuite('credentials and names', secured.options, (brokers) => {
    const sasl = `127.0.0.1:${secured.saslPort}`;
    const consume = (kafka: string, environment: Readonly<Record<string, string>>) =>
      headrace(['consume', 'ledger.transactions', '--kafka', kafka], { environment });

    it.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
      '%s: a wrong password is refused at once',
      async (mechanism) => {
        const environment = { HEADRACE_KAFKA_SASL: mechanism, HEADRACE_KAFKA_USER: 'alice' };
        const { status, err } = await consume(sasl, { ...environment, HEADRACE_KAFKA_PASSWORD: 'wrong-password' });
        expect([status, err]).toEqual([1, expect.stringMatching(/credential|authenticat/i)]);
        expect(err).not.toContain('wrong-password');
        const right = await consume(sasl, { ...environment, HEADRACE_KAFKA_PASSWORD: 'secret' });
        expect(right.err).toMatch(/ledger\.transactions|^$/);
        expect(right.err).not.toMatch(/credential|authenticat/i);
      },
    );

    it('a topic of the application with too few partitions is refused at the start, and named', async () => {
      const config = { clientId: 'test', brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING };
      const admin = new Kafka(config).admin();
      await admin.connect();
      await admin.createTopics({
        topics: [
          { topic: 'transactions', numPartitions: 8 },
          { topic: 'account-ledger-transactions-changelog', numPartitions: 3 },
        ],
      });
      await admin.disconnect();
      const at = ['--data', join(folder, 'few'), '--kafka', brokers().bootstrap];
      const started = await headrace(['start', '--port', '0', ...at]);
      expect(started.status).toBe(1);
      expect(started.err).toMatch(/account-ledger-transactions-changelog.*3.*\[TOPIC_MISMATCH\]/s);
    }, 60_000);
  });

  kafkaSuite('two instances', {}, (brokers) => {
    it('on one data directory: the second is refused, the first goes on', async () => {
      const at = ['--data', join(folder, 'one'), '--kafka', brokers().bootstrap];
      const args = ['start', '--port', '0', '--rate', '50', ...at];
      const first = startHeadrace(args);
      await first.said('serving at');
      const second = await headrace(args);
      expect(second.status).not.toBe(0);
      expect(second.err).toContain('DATA_DIRECTORY_IN_USE');
      const address = /serving at (\S+)/.exec(first.told())![1]!;
      expect((await fetch(`${address}/healthz`)).status).toBe(200);
      first.child.kill('SIGTERM');
      await endsWell(first);
    }, 120_000);
  });
});
