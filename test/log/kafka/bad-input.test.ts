import { StreamsBuilder, type Topology } from 'headrace';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HeadraceError } from '../../../src/errors.ts';
import { deadLetterTopic } from '../../../src/runtime/dead-letter.ts';
import { Worker } from '../../../src/runtime/worker.ts';
import { type LogUnderTest, readAll, topic } from '../../conformance/log/log-under-test.ts';
import { openKafka } from '../../kafka/kafka-under-test.ts';
import { kafkaSuite } from '../../kafka/suite.ts';
import { text } from '../../text-serde.ts';

const SMALL_BYTES = 20_000;

/** Repeats each text as often as its first word says: input that is small, and output that may not be. */
function repeating(input: string, output: string): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(input, { key: text, value: text })
    .mapValues((value) => value.repeat(Number(value.split(' ')[0])))
    .to(output, { key: text, value: text });
  return builder.build();
}

kafkaSuite('what producers and operators do wrong, on Kafka', {}, (brokers) => {
  let under: LogUnderTest;
  const faults: HeadraceError[] = [];
  beforeEach(async () => {
    faults.length = 0;
    under = await openKafka(brokers(), { onFault: (error) => void faults.push(error) });
    await under.log.createTopics([topic('in')]);
  });
  afterEach(() => under.dispose());

  const append = (values: readonly Uint8Array[]) =>
    under.log.append(
      values.map((value) => ({ topic: 'in', partition: 0, timestamp: 0, key: Buffer.from('k'), value })),
    );
  const untilIdle = async (topology: Topology, member = 'w') => {
    const worker = new Worker({ log: under.log, topology, application: 'app', member, clock: Date.now });
    const running = worker.run();
    await worker.idle();
    worker.stop();
    await running;
    return worker.metrics();
  };

  it('a record over the limit of a topic that others made, and bytes that are no text, are dead letters; the rest goes on', async () => {
    const admin = new Kafka({ brokers: [brokers().bootstrap], logLevel: logLevel.NOTHING }).admin();
    const configEntries = [{ name: 'max.message.bytes', value: `${SMALL_BYTES}` }];
    await admin.createTopics({ topics: [{ topic: 'small', numPartitions: 1, configEntries }] });
    await admin.disconnect();
    // 19,740 bytes fit into a batch of 20,000, and 28,000 do not.
    const unit = (times: number) => Buffer.from(`${times} ${'x'.repeat(137)}`.slice(0, 140));
    await append([unit(1), unit(141), Uint8Array.of(0xff, 0xfe), unit(200), unit(2)]);
    expect(await untilIdle(repeating('in', 'small'))).toMatchObject({
      processed: 4,
      deadLetters: 2,
      aborts: 0,
      lag: 0,
    });
    expect(await readAll(under.log, 'small')).toHaveLength(3);
    const letters = (await readAll(under.log, deadLetterTopic('in'))).join();
    expect(letters).toContain('200 xxx');
  });

  it('two applications under one name are told of', async () => {
    await under.log.createTopics([topic('out'), topic('other')]);
    const workers = [repeating('in', 'out'), repeating('in', 'other')].map(
      (topology, i) => new Worker({ log: under.log, topology, application: 'app', member: `w${i}`, clock: Date.now }),
    );
    const running = workers.map((worker) => worker.run());
    for (let i = 0; i < 200 && !faults.some(({ code }) => code === 'TOPOLOGY_CHANGED'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(faults).toContainEqual(
      expect.objectContaining({
        code: 'TOPOLOGY_CHANGED',
        message: expect.stringContaining('two applications have one name'),
      }),
    );
    for (const worker of workers) worker.stop();
    await Promise.all(running);
  });

  it('one data directory copied to a second machine: the later process goes on, the earlier one says so and ends', async () => {
    await under.log.createTopics([topic('out')]);
    const topology = repeating('in', 'out');
    const copy = await openKafka(brokers(), { instance: under.log.instance! });
    const [first, second] = [under.log, copy.log].map(
      (log) => new Worker({ log, topology, application: 'app', clock: Date.now }),
    );
    const ended = first!.run().then(
      () => undefined,
      (error: unknown) => error,
    );
    await first!.idle();
    const running = second!.run();
    expect(await ended).toMatchObject({
      code: 'MEMBER_REPLACED',
      message: expect.stringContaining('data directory'),
    });
    await append([Buffer.from('1 after')]);
    await second!.idle();
    second!.stop();
    await running;
    expect(await readAll(under.log, 'out')).toHaveLength(1);
    await copy.log.close();
  });
});
