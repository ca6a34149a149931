import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Kafka, logLevel } from '../../src/log/kafka/client/index.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { printedByTheJvm } from '../log/kafka/client/console-consumer.ts';
import { writeHistory } from '../log/kafka/client/histories.ts';
import { headrace, startHeadrace } from './headrace.ts';

const TRANSACTIONS = 6_000;
/** Long form: HEADRACE_HISTORIES=20 npx vitest run test/e2e/kafka.test.ts */
const HISTORIES = Number(process.env.HEADRACE_HISTORIES ?? 1);
const SEED = Number(process.env.HEADRACE_SEED ?? 7);
/** One batch at a time, and everything at once. */
const FETCH_BYTES = [100, 1024 * 1024] as const;

kafkaSuite('the command line on Apache Kafka', {}, (brokers) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headrace-kafka-e2e-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rowsOf = (out: string) =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly offset: number; readonly value: string })
      .map(({ offset, value }) => ({ offset, value }));

  it('consume prints what the JVM prints: no aborted record, from the start and from the middle', async () => {
    const config = { clientId: 'e2e', brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING };
    const kafka = new Kafka(config);
    const admin = kafka.admin();
    await admin.connect();
    const topics = Array.from({ length: HISTORIES }, (_, i) => `history-${i}`);
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })) });
    await admin.disconnect();
    for (const [i, topic] of topics.entries()) await writeHistory(kafka, topic, SEED + i, 600);
    const byTopic = await printedByTheJvm(brokers().bootstrap, topics);
    for (const topic of topics) {
      const printed = byTopic.get(topic)!;
      expect(printed.length).toBeGreaterThan(100);
      const middle = printed[Math.floor(printed.length / 2)]!.offset;
      const readings = [0, middle].flatMap((from) => FETCH_BYTES.map((fetchBytes) => ({ from, fetchBytes })));
      for (const { from, fetchBytes } of readings) {
        const { status, out, err } = await headrace([
          ...['consume', topic, '--kafka', brokers().bootstrap],
          ...['--offset', `${from}`, '--fetch-bytes', `${fetchBytes}`],
        ]);
        expect([status, err]).toEqual([0, '']);
        expect(rowsOf(out)).toEqual(printed.filter(({ offset }) => offset >= from));
      }
    }
  }, 600_000);

  it('start takes a file in exactly once, killed in the midst of it, and log, state and ClickHouse agree', async () => {
    const input = join(folder, 'transactions.ndjson');
    const rows = Array.from({ length: TRANSACTIONS }, (_, i) => ({
      transactionId: `T${i}`,
      accountId: `A${i % 97}`,
      direction: i % 3 === 0 ? 'debit' : 'credit',
      amount: `${(i % 911) + 1}.${String(i % 100).padStart(2, '0')}`,
      currency: 'EUR',
      // Decades ago: brokers that delete by timestamp would delete it.
      occurredAt: '1993-07-05T10:00:00Z',
      kind: 'posting',
    }));
    writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const data = join(folder, 'data');
    const args = ['start', '--once', '--input', input, '--data', data, '--kafka', brokers().bootstrap];
    const killed = startHeadrace(args);
    const isTakenIn = async () =>
      (await headrace(['consume', 'ledger.transactions', '--kafka', brokers().bootstrap, '--max', '1'])).out !== '';
    while (!(await isTakenIn()));
    killed.child.kill('SIGKILL');
    await killed.ended;
    const again = await headrace(args);
    expect(again.out).toContain('Reconciled: log, state and ClickHouse agree');
    expect(again.status).toBe(0);
    const count = await headrace([
      'query',
      'SELECT count() AS n FROM headrace.transactions',
      '--data',
      data,
      '--kafka',
      brokers().bootstrap,
    ]);
    expect(JSON.parse(count.out)).toEqual({ n: `${TRANSACTIONS}` });
  }, 120_000);

  it('says what is wrong with the brokers, or with the data directory', async () => {
    const wrong = await headrace(['consume', 'transactions', '--kafka', 'nowhere']);
    expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining('HOST:PORT')]);
    const nobody = await headrace(['consume', 'transactions', '--kafka', '127.0.0.1:1']);
    expect([nobody.status, nobody.err]).toEqual([1, expect.stringContaining('No Kafka broker answers at 127.0.0.1:1')]);
    const without = await headrace(['query', 'SELECT 1', '--data', join(folder, 'data')]);
    expect([without.status, without.err]).toEqual([2, expect.stringContaining('name its brokers with --kafka')]);
  });
});
