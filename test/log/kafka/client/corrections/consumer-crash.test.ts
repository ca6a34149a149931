import { afterEach, expect, test } from 'vitest';
import { consumerCrash } from '../../../../../src/log/kafka/client/corrections/consumer-crash.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, outcomeOf, quietLogger, stock } from '../libraries.ts';

interface Consumer {
  readonly events: { readonly CRASH: string };
  on(event: string, listener: () => void): unknown;
  subscribe(subscription: object): Promise<void>;
  run(config: object): Promise<void>;
  crashed(): Promise<never>;
}

const rejections: unknown[] = [];
const keep = (reason: unknown) => rejections.push(reason);
afterEach(() => {
  process.off('unhandledRejection', keep);
  rejections.length = 0;
});

/** A consumer in a cluster that refuses the group. */
function refused(load: LoadModule): Consumer {
  const { createErrorFromCode } = load('src/protocol/error') as { createErrorFromCode(code: number): Error };
  const Emitter = load('src/instrumentation/emitter') as new () => object;
  const cluster = {
    connect: async () => {},
    disconnect: async () => {},
    addMultipleTargetTopics: async () => {},
    refreshMetadataIfNecessary: async () => {},
    getNodeIds: () => [],
    findGroupCoordinator: async () => {
      throw createErrorFromCode(30);
    },
  };
  const createConsumer = load('src/consumer') as (options: object) => Consumer;
  return createConsumer({
    cluster,
    groupId: 'ledger',
    logger: quietLogger(load),
    retry: { retries: 0 },
    instrumentationEmitter: new Emitter(),
  });
}

test('run() rejects where the start has failed for good', async () => {
  const old = refused(stock);
  await old.subscribe({ topic: 'payments' });
  expect(await outcomeOf(old.run({ eachMessage: async () => {} }))).toBeUndefined();

  const consumer = refused(corrected(consumerCrash));
  await consumer.subscribe({ topic: 'payments' });
  const failure = await outcomeOf(consumer.run({ eachMessage: async () => {} }));
  expect(failure).toMatchObject({ message: expect.stringContaining('authorized') });
  expect(await outcomeOf(consumer.crashed())).toBe(failure);
});

test('a crash later that nobody asked for is an unhandled rejection; one that was asked for is not', async () => {
  process.on('unhandledRejection', keep);
  const crash = { error: new RangeError('later'), restart: false };
  const crashing = (prepare: (consumer: Consumer) => void): void => {
    const load = corrected(consumerCrash);
    const Emitter = load('src/instrumentation/emitter') as new () => { emit(name: string, payload: object): void };
    const emitter = new Emitter();
    const createConsumer = load('src/consumer') as (options: object) => Consumer;
    const consumer = createConsumer({
      cluster: {},
      groupId: 'ledger',
      logger: quietLogger(load),
      instrumentationEmitter: emitter,
    });
    prepare(consumer);
    emitter.emit('consumer.crash', { ...crash, restart: true });
    emitter.emit('consumer.crash', crash);
  };
  crashing((consumer) => void consumer.crashed().catch(() => {}));
  crashing((consumer) => consumer.on(consumer.events.CRASH, () => {}));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(rejections).toEqual([]);
  crashing(() => {});
  await expect.poll(() => rejections).toEqual([crash.error]);
});
