import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Brokers } from '../kafka/brokers.ts';
import { jvmTool } from '../kafka/clients/jvm.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { consumed, homeOf } from './client-traffic.ts';
import { headrace, type RunningCommand, startHeadrace, workplace } from './headrace.ts';

const { Kafka, logLevel } = createRequire(import.meta.url)('kafkajs') as typeof kafkajs;

/** Long form: HEADRACE_BROKER_GONE_MS=300000 npx vitest run test/e2e/kafka-faults.test.ts */
const BROKER_GONE_MS = Number(process.env.HEADRACE_BROKER_GONE_MS ?? 8_000);
const SOON_MS = 60_000;
/** Of a Headrace, beside what it waits for a broker. */
const LIFE_MAX_MS = 240_000;
/** Below the largest transaction that the rules take. */
const SMALL_BYTES = 1_000;

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + SOON_MS; Date.now() < end; await sleep(200)) if (await isTrue()) return;
  throw new Error(`never: ${what}`);
}

/** A Headrace on brokers, and what others do to its topics and its group. */
function bank(brokers: () => Brokers, data: string) {
  const kafka = () => new Kafka({ clientId: 'other', brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING });
  const start = async (): Promise<RunningCommand> => {
    const at = ['--data', data, '--kafka', brokers().bootstrap];
    return startHeadrace(['start', '--port', '0', '--no-traffic', ...at], {}, BROKER_GONE_MS + LIFE_MAX_MS);
  };
  const admin = async <Result>(action: (admin: kafkajs.Admin) => Promise<Result>): Promise<Result> => {
    const client = kafka().admin();
    await client.connect();
    try {
      return await action(client);
    } finally {
      await client.disconnect();
    }
  };
  return {
    kafka,
    start,
    admin,
    async send(accountId: string, values: readonly (string | Buffer)[]): Promise<void> {
      const producer = kafka().producer();
      await producer.connect();
      await producer.send({ topic: 'transactions', messages: values.map((value) => ({ key: accountId, value })) });
      await producer.disconnect();
    },
    accepted: async () =>
      (await consumed(brokers().bootstrap, 'ledger.transactions')).map(
        ({ value }) => (value as { readonly transactionId: string }).transactionId,
      ),
    letters: async () =>
      (await consumed(brokers().bootstrap, 'transactions.dlq')).map(
        ({ headers = [] }) =>
          Object.fromEntries(headers.map(({ name, value }) => [name, value])) as Record<string, string>,
      ),
  };
}

const payment = (accountId: string, transactionId: string, more: object = {}) =>
  JSON.stringify({
    ...{ transactionId, accountId, direction: 'credit', amount: '1.00', currency: 'EUR', kind: 'posting' },
    ...{ occurredAt: '2026-01-01T00:00:00Z', ...more },
  });

const addressOf = (running: RunningCommand) => /serving at (\S+)/.exec(running.told())![1]!;
const metrics = async (running: RunningCommand) => (await fetch(`${addressOf(running)}/metrics`)).text();

kafkaSuite('what a running Headrace meets on Apache Kafka', { onlyInCi: true }, (brokers) => {
  const place = workplace();
  const { start, admin, kafka, send, accepted, letters } = bank(brokers, place.file('data'));
  let running: RunningCommand;
  beforeAll(async () => {
    const configEntries = [{ name: 'max.message.bytes', value: `${SMALL_BYTES}` }];
    await admin((client) =>
      client.createTopics({ topics: [{ topic: 'ledger.transactions', numPartitions: 8, configEntries }] }),
    );
    running = await start();
    await running.said('serving at');
  }, 60_000);
  afterAll(async () => {
    running.child.kill('SIGKILL');
    await running.ended;
    place.remove();
  });

  it('bytes that are no text, an unknown schema id, a record over the limit: dead letters that say why, and the rest goes on', async () => {
    const unknownSchema = Buffer.from([0, 0, 0, 0xff, 0xfe, 1, 2, 3]);
    const tooLong = payment('A', 'long', { description: 'x'.repeat(1_024) });
    await send('A', [payment('A', 'a1'), Buffer.from([0xff, 0xfe]), unknownSchema, tooLong, payment('A', 'a2')]);
    await until(async () => (await accepted()).includes('a2'), 'a2 is accepted');
    expect(await accepted()).toEqual(['a1', 'a2']);
    const codes = (await letters()).map((each) => each['__headrace.errors.code']);
    expect(codes).toEqual(['DESERIALIZATION_FAILED', 'SCHEMA_UNKNOWN', 'RECORD_TOO_LARGE']);
    for (const each of await letters()) expect(each['__streams.errors.message']).toMatch(/\w{4}/);
    expect(await metrics(running)).toMatch(/^headrace_dead_letters_total 3$/m);
  }, 120_000);

  it('a consumer of another kind that wants our group is refused by the brokers, and we go on', async () => {
    const consumer = kafka().consumer({ groupId: 'account-ledger', retry: { retries: 1 } });
    await consumer.connect();
    await consumer.subscribe({ topics: ['transactions'] });
    const crashed = new Promise<Error>(
      (resolve) => void consumer.on('consumer.crash', ({ payload }) => resolve(payload.error)),
    );
    await consumer.run({ eachMessage: async () => {} });
    expect((await crashed).message).toMatch(/protocol/i);
    await consumer.disconnect();
    await send('A', [payment('A', 'a3')]);
    await until(async () => (await accepted()).includes('a3'), 'a3 is accepted');
  }, 120_000);

  it(
    'a broker that is gone is waited for, told of and counted; nothing is lost',
    async () => {
      await send('B', [payment('B', 'b1')]);
      const told = running.told().length;
      await brokers().kill(0);
      await sleep(BROKER_GONE_MS);
      expect([running.child.exitCode, running.child.signalCode]).toEqual([null, null]);
      expect(await metrics(running)).toMatch(/headrace_faults_total\{[^}]*code="KAFKA_UNAVAILABLE"[^}]*\} [1-9]/);
      const isTold = /No Kafka broker answers|has moved|can't be read now|connection/i;
      await until(async () => isTold.test(running.told().slice(told)), 'the terminal says so');
      await brokers().restart(0);
      await send('B', [payment('B', 'b2')]);
      await until(async () => (await accepted()).includes('b2'), 'b2 is accepted');
      expect((await accepted()).filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2']);
    },
    BROKER_GONE_MS + 180_000,
  );

  it('a source topic that is deleted and made again ends it, with what to do', async () => {
    await admin(async (client) => {
      await client.deleteTopics({ topics: ['transactions'] });
      await client.createTopics({ topics: [{ topic: 'transactions', numPartitions: 8 }] });
    });
    const { status, err } = await running.ended;
    expect(status).toBe(1);
    expect(err).toMatch(/headrace reset account-ledger[\s\S]*\[TOPIC_RECREATED\]|\[TOPIC_UNKNOWN\]/);
  }, 120_000);
});

kafkaSuite('what a Headrace that starts meets on Apache Kafka', {}, (brokers) => {
  const place = workplace();
  const { start, kafka, send, accepted, admin } = bank(brokers, place.file('data'));
  const running: RunningCommand[] = [];
  afterEach(async () => {
    for (const each of running.splice(0)) {
      each.child.kill('SIGKILL');
      await each.ended;
    }
  });
  afterAll(() => place.remove());
  const begin = async () => {
    const begun = await start();
    running.push(begun);
    return begun;
  };

  it('its group in use by another kind of consumer: it ends and says so', async () => {
    await admin((client) => client.createTopics({ topics: [{ topic: 'other', numPartitions: 1 }] }));
    const consumer = kafka().consumer({ groupId: 'account-ledger' });
    await consumer.connect();
    await consumer.subscribe({ topics: ['other'] });
    const joined = new Promise((resolve) => void consumer.on('consumer.group_join', resolve));
    await consumer.run({ eachMessage: async () => {} });
    await joined;
    const { status, err } = await (await begin()).ended;
    await consumer.disconnect();
    expect(status).toBe(1);
    expect(err).toMatch(/another kind of consumer uses this group; an application needs a name of its own/);
  }, 120_000);

  it('records deleted before they were read: it ends, and what the message advises lets it go on', async () => {
    const first = await begin();
    await first.said('serving at');
    await send('A', [payment('A', 'a1')]);
    await until(async () => (await accepted()).includes('a1'), 'a1 is accepted');
    first.child.kill('SIGTERM');
    await first.ended;
    await send('A', [payment('A', 'lost'), payment('A', 'a2')]);
    const partitions = [{ topic: 'transactions', partition: homeOf('A'), offset: 2 }];
    const file = join(place.path, 'delete.json');
    writeFileSync(file, JSON.stringify({ version: 1, partitions }));
    await jvmTool('deleteRecords', ['--bootstrap-server', brokers().bootstrap, '--offset-json-file', file]);
    const { status, err } = await (await begin()).ended;
    expect(status).toBe(1);
    expect(err).toMatch(/the first one kept is 2\..* \[OFFSET_OUT_OF_RANGE\]/);
    const advice = /\(headrace (reset account-ledger .*?)\)/.exec(err)![1]!.split(' ');
    const at = ['--data', place.file('data'), '--kafka', brokers().bootstrap];
    expect(await headrace([...advice, '--execute', ...at])).toMatchObject({ status: 0 });
    await begin();
    await until(async () => (await accepted()).includes('a2'), 'a2 is accepted');
    expect(await accepted()).toEqual(['a1', 'a2']);
  }, 120_000);
});
