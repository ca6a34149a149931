import { StreamsBuilder } from 'headrace';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ConfigResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { expect, it } from 'vitest';
import type { HeadraceError } from '../../../../src/errors.ts';
import type { Log, TopicConfig } from '../../../../src/log/log.ts';
import type { NewRecord } from '../../../../src/log/record.ts';
import { Worker, type WorkerOptions } from '../../../../src/runtime/worker.ts';
import { type LogUnderTest, readAll, record, topic, withoutOffsets } from '../../../conformance/log/log-under-test.ts';
import type { Brokers } from '../../../kafka/brokers.ts';
import { openKafka } from '../../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../../kafka/suite.ts';
import { text } from '../../../text-serde.ts';

const properties = {
  'log.retention.check.interval.ms': '500',
  'log.initial.task.delay.ms': '500',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found': 'true',
};

const PARTITIONS = 2;
const WORDS = 400;
const INTERNAL = 'app-by-word-repartition';
const JULY_1993 = Date.UTC(1993, 6, 5);

function wordCount() {
  const builder = new StreamsBuilder();
  builder
    .stream('words', { key: text, value: text })
    .groupBy((_key, word) => word, { name: 'by-word', key: text, value: text })
    .count({ name: 'counts' })
    .mapValues((count) => String(count))
    .toStream()
    .to('counts', { key: text, value: text });
  return builder.build();
}

const words: readonly NewRecord[] = Array.from({ length: WORDS }, (_, i) =>
  record('words', `k${i}`, `word${i % 10}`, { partition: i % PARTITIONS, timestamp: JULY_1993 + i }),
);

function startWorker(log: Log, options: Partial<WorkerOptions> = {}) {
  const worker = new Worker({
    ...{ log, topology: wordCount(), application: 'app', clock: Date.now, commitIntervalMs: 50, purgeIntervalMs: 100 },
    ...options,
  });
  const running = worker.run();
  return {
    worker,
    running,
    async stop() {
      worker.stop();
      await running;
    },
  };
}

async function withAdmin<Result>(brokers: Brokers, action: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Kafka({ brokers: [brokers.bootstrap], logLevel: logLevel.NOTHING }).admin();
  try {
    return await action(admin);
  } finally {
    await admin.disconnect();
  }
}

const startsOf = async (log: Log, name: string) => (await log.watermarks(name)).map(({ start }) => start);

/** The last count of each word. */
async function countsOf(log: Log): Promise<Record<string, string>> {
  const all = await Promise.all([0, 1].map((partition) => readAll(log, 'counts', partition)));
  return Object.fromEntries(withoutOffsets(all.flat()).map((each) => each.split('=') as [string, string]));
}

const everyWord = (count: number) => Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`word${i}`, `${count}`]));

const KEPT = { 'retention.ms': '-1', 'segment.bytes': '52428800' };

const configOf = (brokers: Brokers, name: string) =>
  withAdmin(brokers, async (admin) => {
    const resources = [{ type: ConfigResourceTypes.TOPIC, name, configNames: Object.keys(KEPT) }];
    const [described] = (await admin.describeConfigs({ resources, includeSynonyms: false })).resources;
    return Object.fromEntries(described!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  });

async function opened(brokers: Brokers, faults: HeadraceError[] = []): Promise<LogUnderTest> {
  const under = await openKafka(brokers, { onFault: (error) => faults.push(error) });
  await under.log.createTopics([
    topic('words', { partitions: PARTITIONS }),
    topic('counts', { partitions: PARTITIONS }),
  ]);
  return under;
}

kafkaSuite('a repartition topic on Kafka', { properties }, (brokers) => {
  it('keeps records of 1993 until they are processed, over a restart, and no longer', async () => {
    const under = await opened(brokers());
    // What is processed is committed when it stops: nothing of the repartition topic has been read by then.
    const first = startWorker(under.log, { commitIntervalMs: 600_000 });
    await under.log.append(words);
    await expect.poll(() => first.worker.metrics().processed, { timeout: 30_000 }).toBe(WORDS);
    await first.stop();
    const ends = (await under.log.watermarks(INTERNAL)).map(({ end }) => end);
    expect(ends.reduce((sum, end) => sum + end, 0)).toBeGreaterThanOrEqual(WORDS);
    expect(await configOf(brokers(), INTERNAL)).toEqual(KEPT);

    // An outage in which the brokers look for what is too old: a topic of theirs shows that they have.
    await withAdmin(brokers(), (admin) => admin.createTopics({ topics: [{ topic: 'theirs' }] }));
    await under.log.append(words.map((each) => ({ ...each, topic: 'theirs', partition: 0 })));
    await expect.poll(() => startsOf(under.log, 'theirs'), { timeout: 30_000 }).not.toEqual([0]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await startsOf(under.log, INTERNAL)).toEqual([0, 0]);

    const faults: HeadraceError[] = [];
    const second = startWorker(under.log, { onFault: (error) => faults.push(error) });
    await Promise.race([second.worker.idle(), second.running]);
    expect(await countsOf(under.log)).toEqual(everyWord(WORDS / 10));
    // The ends of the transactions are behind what is committed, and stay.
    const consumed = async () => (await startsOf(under.log, INTERNAL)).reduce((sum, start) => sum + start, 0);
    await expect.poll(consumed, { timeout: 20_000 }).toBeGreaterThanOrEqual(WORDS);
    expect(await startsOf(under.log, 'words')).toEqual([0, 0]);
    expect(await startsOf(under.log, 'counts')).toEqual([0, 0]);
    await second.stop();

    const third = startWorker(under.log, { onFault: (error) => faults.push(error) });
    await under.log.append(words);
    await Promise.race([third.worker.idle(), third.running]);
    expect(await countsOf(under.log)).toEqual(everyWord((2 * WORDS) / 10));
    await expect.poll(consumed, { timeout: 20_000 }).toBeGreaterThanOrEqual(2 * WORDS);
    expect(third.worker.metrics().lag).toBe(0);
    // As kafka-consumer-groups reckons it.
    const lags = () =>
      withAdmin(brokers(), async (admin) => {
        const [committed] = await admin.fetchOffsets({ groupId: 'app', topics: [INTERNAL] });
        const marks = await admin.fetchTopicOffsets(INTERNAL);
        return marks.map(({ partition, high, low }) => {
          const at = Number(committed!.partitions.find((each) => each.partition === partition)!.offset);
          expect(at).toBeGreaterThanOrEqual(Number(low));
          return Number(high) - at;
        });
      });
    await expect.poll(lags, { timeout: 20_000 }).toEqual([0, 0]);
    await third.stop();
    expect(faults).toEqual([]);
    await under.dispose();
  }, 120_000);

  it('of a release before loses its retention; a topic of the user keeps what it has', async () => {
    const under = await opened(brokers());
    const hour: Partial<TopicConfig> = { partitions: PARTITIONS, retentionMs: 3_600_000 };
    await under.log.createTopics([topic(INTERNAL, hour), topic('theirs', hour)]);
    await under.reopen();
    await under.log.createTopics([topic('theirs', { partitions: PARTITIONS })]);
    const app = startWorker(under.log);
    await under.log.append(words);
    await app.worker.idle();
    await app.stop();
    expect(await configOf(brokers(), INTERNAL)).toEqual(KEPT);
    expect(await configOf(brokers(), 'theirs')).toMatchObject({ 'retention.ms': '3600000' });
    const told = await under.log.topics();
    expect(told.find(({ name }) => name === INTERNAL)!.retentionMs).toBe(-1);
    await under.dispose();
  }, 60_000);

  it('works on where the rights to alter and to delete are missing, and tells once what to grant', async () => {
    const told: HeadraceError[] = [];
    const under = await opened(brokers(), told);
    await under.log.createTopics([topic(INTERNAL, { partitions: PARTITIONS, retentionMs: 3_600_000 })]);
    await under.reopen();
    const operations = ['READ', 'WRITE', 'DESCRIBE', 'DESCRIBE_CONFIGS'] as const;
    const granted = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: INTERNAL,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:ANONYMOUS',
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
    };
    const acl = operations.map((operation) => ({ ...granted, operation: AclOperationTypes[operation] }));
    await withAdmin(brokers(), (admin) => admin.createAcls({ acl }));
    const faults: HeadraceError[] = [];
    const app = startWorker(under.log, { purgeIntervalMs: 20, onFault: (error) => faults.push(error) });
    // Of this moment, for the hour is counted from the records' own time.
    await under.log.append(words.map((each) => ({ ...each, timestamp: Date.now() })));
    await expect.poll(() => faults.length, { timeout: 20_000 }).toBe(1);
    await app.worker.idle();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await app.stop();
    expect(await countsOf(under.log)).toEqual(everyWord(WORDS / 10));
    expect(faults).toMatchObject([{ code: 'KAFKA_REFUSED', message: expect.stringContaining('right to DELETE') }]);
    expect(told).toMatchObject([{ code: 'KAFKA_REFUSED', message: expect.stringContaining('AlterConfigs') }]);
    expect(await startsOf(under.log, INTERNAL)).toEqual([0, 0]);

    // Once the right is there the next worker purges, with nothing to tell.
    await withAdmin(brokers(), (admin) => admin.deleteAcls({ filters: acl }));
    const after = startWorker(under.log, { onFault: (error) => faults.push(error) });
    const consumed = async () => (await startsOf(under.log, INTERNAL)).reduce((sum, start) => sum + start, 0);
    await expect.poll(consumed, { timeout: 20_000 }).toBeGreaterThanOrEqual(WORDS);
    await after.stop();
    expect(faults).toHaveLength(1);
    expect(await configOf(brokers(), INTERNAL)).toEqual(KEPT);
    await under.dispose();
  }, 60_000);
});
