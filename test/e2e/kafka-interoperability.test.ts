import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import type { SeenRecord } from '../kafka/clients/client-record.ts';
import {
  asPrinted,
  jvmTool,
  printedByTheJvm,
  sendByTheJvm,
  type TransactionStep,
  transactByTheJvm,
} from '../kafka/clients/jvm.ts';
import { missingKcat, readByKcat, sendByKcat } from '../kafka/clients/kcat.ts';
import {
  lagByStockKafkajs,
  readByStockKafkajs,
  sendByStockKafkajs,
  topicsByStockKafkajs,
} from '../kafka/clients/stock-kafkajs.ts';
import { kafkaSuite } from '../kafka/suite.ts';
import { ALL_TAKEN, consumed, homeOf, outcomesOf, recordsOf } from './client-traffic.ts';
import { headrace, type RunningCommand, startHeadrace, workplace } from './headrace.ts';

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
/** Each by a JVM of its own: the short form takes one. */
const CODECS_OF_THE_JVM = process.env.CI === undefined ? CODECS.slice(3) : CODECS;
const DRAINED_MAX_MS = 60_000;
const INPUT = 'transactions';
const MURMUR2 = 'partitioner=murmur2_random';

/** librdkafka's command is skipped where it is missing, with the reason told; where CI runs them that is a failure. */
function needsKcat({ skip }: TestContext): void {
  const missing = missingKcat();
  if (missing === undefined) return;
  if (process.env.CI === undefined) skip(missing);
  throw new Error(missing);
}

const textOf = (hex: string) => Buffer.from(hex, 'hex').toString();

/** The table that one of Kafka's tools prints, by the names of its columns; a name may hold a space before a parenthesis. */
function rowsOf(printed: string): readonly Readonly<Record<string, string>>[] {
  const [heads, ...rows] = printed
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.replace(/ +\(/g, '(').trim().split(/\s+/));
  return rows.map((row) => Object.fromEntries(heads!.map((head, i) => [head, row[i] ?? ''])));
}

kafkaSuite('with the clients of others, on Apache Kafka', { onlyInCi: true }, (brokers) => {
  const place = workplace();
  const data = place.file('data');
  let running: RunningCommand;
  beforeAll(async () => {
    running = startHeadrace(['start', '--port', '0', '--no-traffic', '--data', data, '--kafka', brokers().bootstrap]);
    await running.said('serving at');
  }, 60_000);
  afterAll(async () => {
    running.child.kill('SIGTERM');
    await running.ended;
    place.remove();
  });

  const drained = async (records: number) => {
    for (const until = Date.now() + DRAINED_MAX_MS; Date.now() < until; ) {
      const progress = await lagByStockKafkajs(brokers().bootstrap, 'account-ledger', INPUT).catch(() => undefined);
      if (progress !== undefined && progress.lag === 0 && progress.committed >= records) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${INPUT} is not drained:\n${running.told()}`);
  };
  const ends = async () => (await consumed(brokers().bootstrap, INPUT)).length;

  it('a producer that spreads keys in another way makes dead letters, no second accounts; replayed they are taken', async (context) => {
    needsKcat(context);
    const { bootstrap } = brokers();
    const clients = ['kcat-crc', 'kafkajs-legacy'];
    await sendByKcat(bootstrap, INPUT, recordsOf('kcat-crc'));
    await sendByStockKafkajs(bootstrap, INPUT, recordsOf('kafkajs-legacy'), { partitioner: 'legacy' });
    await drained(await ends());
    const letters = (await consumed(bootstrap, 'transactions.dlq')).filter(
      ({ partition, key }) => partition !== homeOf(key!),
    );
    expect(letters.length).toBeGreaterThan(50);
    for (const { headers } of letters) {
      const said = Object.fromEntries(headers!.map(({ name, value }) => [name, value]));
      expect(said).toMatchObject({
        '__headrace.errors.code': 'PARTITION_MISMATCH',
        '__streams.errors.message': expect.stringContaining('partitioner=murmur2_random'),
      });
    }
    for (const [, outcomes] of await outcomesOf(bootstrap, clients)) {
      expect(
        Object.values(outcomes)
          .flat()
          .sort((a, b) => a - b),
      ).toEqual(Array.from({ length: 60 }, (_, i) => i));
    }
    const replay = await headrace(['dlq', 'replay', 'transactions.dlq', '--data', data, '--kafka', bootstrap]);
    expect([replay.status, replay.err]).toEqual([0, '']);
    const { accepted, rejected } = ALL_TAKEN;
    for (const [, outcomes] of await outcomesOf(bootstrap, clients))
      expect(outcomes).toMatchObject({ accepted, rejected });
  }, 120_000);

  it('what the JVM produces is processed: each codec by its console producer, and no transaction that it aborts', async () => {
    const { bootstrap } = brokers();
    for (const codec of CODECS_OF_THE_JVM) await sendByTheJvm(bootstrap, INPUT, recordsOf(`jvm-${codec}`), codec);
    // Two at a time into the same partitions: one that stays, and one that does not.
    const pairs: TransactionStep[] = recordsOf('jvm-committed').flatMap((record, i) => {
      const gone = recordsOf('jvm-aborted')[i]!;
      const begins: TransactionStep[] = [
        ['jvm-aborted', 'begin'],
        ['jvm-committed', 'begin'],
      ];
      const ends: TransactionStep[] = [
        ['jvm-committed', 'commit'],
        ['jvm-aborted', 'abort'],
      ];
      return [
        ...(i % 10 === 0 ? begins : []),
        ['jvm-aborted', gone],
        ['jvm-committed', record],
        ...(i % 10 === 9 ? ends : []),
      ];
    });
    await transactByTheJvm(bootstrap, INPUT, pairs);
    await drained(await ends());
    const committed = [...CODECS_OF_THE_JVM.map((codec) => `jvm-${codec}`), 'jvm-committed'];
    const outcomes = await outcomesOf(bootstrap, [...committed, 'jvm-aborted']);
    for (const client of committed) expect([client, outcomes.get(client)]).toEqual([client, ALL_TAKEN]);
    expect(outcomes.get('jvm-aborted')).toEqual({ accepted: [], rejected: [], deadLetters: [] });
  }, 120_000);

  it('what librdkafka produces is processed: each codec, idempotent, in a transaction, and without a key', async (context) => {
    needsKcat(context);
    const { bootstrap } = brokers();
    for (const codec of CODECS) {
      const properties = [MURMUR2, codec === 'zstd' ? 'transactional.id=kcat' : 'enable.idempotence=true'];
      await sendByKcat(bootstrap, INPUT, recordsOf(`kcat-${codec}`), { codec, properties });
    }
    const [first] = recordsOf('kcat-keyless');
    await sendByKcat(bootstrap, INPUT, [{ ...first!, key: null }]);
    await drained(await ends());
    const clients = CODECS.map((codec) => `kcat-${codec}`);
    const outcomes = await outcomesOf(bootstrap, [...clients, 'kcat-keyless']);
    for (const client of clients) expect([client, outcomes.get(client)]).toEqual([client, ALL_TAKEN]);
    expect(outcomes.get('kcat-keyless')).toEqual({ accepted: [], rejected: [0], deadLetters: [] });
    const rejected = await consumed(bootstrap, 'transactions.rejected');
    expect(rejected.map(({ value }) => value)).toContainEqual(
      expect.objectContaining({ code: 'KEY_MISMATCH', transactionId: 'kcat-keyless:0' }),
    );
  }, 120_000);

  it('what stock kafkajs produces is processed', async () => {
    const { bootstrap } = brokers();
    await sendByStockKafkajs(bootstrap, INPUT, recordsOf('kafkajs-plain'));
    await sendByStockKafkajs(bootstrap, INPUT, recordsOf('kafkajs-gzip'), { isCompressed: true });
    await drained(await ends());
    const clients = ['kafkajs-plain', 'kafkajs-gzip'];
    const outcomes = await outcomesOf(bootstrap, clients);
    for (const client of clients) expect([client, outcomes.get(client)]).toEqual([client, ALL_TAKEN]);
  }, 120_000);

  it('what Headrace writes is the same to kcat, to stock kafkajs and to the JVM, record for record', async (context) => {
    needsKcat(context);
    const { bootstrap } = brokers();
    const changelogs = (await topicsByStockKafkajs(bootstrap)).filter((name) =>
      /^account-ledger-.*changelog$/.test(name),
    );
    const topics = ['ledger.transactions', 'balances', ...changelogs, 'transactions.rejected', 'transactions.dlq'];
    const byKcat = new Map<string, readonly SeenRecord[]>();
    for (const topic of topics) byKcat.set(topic, await readByKcat(bootstrap, topic));
    const byKafkajs = await readByStockKafkajs(
      bootstrap,
      new Map([...byKcat].map(([topic, records]) => [topic, records.length])),
    );
    for (const topic of topics) expect([topic, byKafkajs.get(topic)]).toEqual([topic, byKcat.get(topic)]);
    const filled = changelogs.filter((topic) => byKcat.get(topic)!.length > 100);
    expect(filled).toHaveLength(1);
    for (const topic of ['ledger.transactions', 'balances', ...filled]) {
      const records = byKcat.get(topic)!;
      expect(records.length).toBeGreaterThan(400);
      const printed = await printedByTheJvm(bootstrap, topic, records.length);
      expect(printed).toEqual(records.map(asPrinted).sort());
    }
    const own = await consumed(bootstrap, 'ledger.transactions');
    expect(own.map(({ partition, offset, key }) => ({ partition, offset, key }))).toEqual(
      byKcat
        .get('ledger.transactions')!
        .map(({ partition, offset, key }) => ({ partition, offset, key: textOf(key!) })),
    );
  }, 120_000);

  it("Kafka's own tools see our groups, their members and their lag, and our transactions", async () => {
    const { bootstrap } = brokers();
    await drained(await ends());
    const group = ['--bootstrap-server', bootstrap, '--group', 'account-ledger', '--describe'];
    const [listed, state, offsets, members, transactions] = await Promise.all([
      jvmTool('groups', ['--bootstrap-server', bootstrap, '--list']),
      jvmTool('groups', [...group, '--state']),
      jvmTool('groups', [...group, '--offsets']),
      jvmTool('groups', [...group, '--members', '--verbose']),
      jvmTool('transactions', ['--bootstrap-server', bootstrap, 'list']),
    ]);
    expect(listed.trim().split('\n')).toEqual(
      expect.arrayContaining(['account-ledger', 'atm-dispense', 'clickhouse', 'reconciliation']),
    );
    expect(rowsOf(state)).toEqual([expect.objectContaining({ STATE: 'Stable', '#MEMBERS': '1' })]);
    const partitions = rowsOf(offsets);
    expect(partitions.map(({ TOPIC }) => TOPIC).sort()).toEqual([
      ...Array(8).fill('accounts'),
      ...Array(8).fill('ledger.commands'),
      ...Array(8).fill(INPUT),
    ]);
    for (const each of partitions) {
      expect(each).toMatchObject({
        LAG: '0',
        'CURRENT-OFFSET': each['LOG-END-OFFSET'],
        HOST: '/127.0.0.1',
        'CLIENT-ID': 'headrace',
      });
    }
    const [member, ...others] = rowsOf(members);
    expect(others).toEqual([]);
    expect(member).toMatchObject({
      '#PARTITIONS': '24',
      'CURRENT-ASSIGNMENT': expect.stringContaining('accounts:0,1,2,3,4,5,6,7'),
    });
    const id = `account-ledger/${member!['GROUP-INSTANCE-ID']}`;
    expect(rowsOf(transactions)).toContainEqual(
      expect.objectContaining({ TransactionalId: id, TransactionState: 'CompleteCommit' }),
    );
    const describe = ['--bootstrap-server', bootstrap, 'describe', '--transactional-id', id];
    expect(rowsOf(await jvmTool('transactions', describe))).toEqual([
      expect.objectContaining({
        TransactionalId: id,
        TransactionState: 'CompleteCommit',
        TransactionTimeoutMs: '30000',
      }),
    ]);
  }, 120_000);
});
