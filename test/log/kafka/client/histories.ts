import type { CorrectedKafka, CorrectedTransaction } from '../../../../src/log/kafka/client/index.ts';
import { seededRandom } from '../../../../src/random.ts';
import { commitOffset } from './commit-offset.ts';

const PRODUCERS = 4;
/** What ends a history: a committed record that every reader of committed records comes to. */
export const LAST = 'the last';

export interface Seen {
  readonly offset: number;
  readonly value: string;
}

/**
 * Producers whose transactions interleave in one partition, step by step as a seed says: each step begins a transaction, sends to
 * it, commits or aborts it. Some keys are four zero bytes, which looks like the key of an abort marker.
 */
export async function writeHistory(kafka: CorrectedKafka, topic: string, seed: number, steps: number): Promise<void> {
  const random = seededRandom(seed);
  const producers = await Promise.all(
    Array.from({ length: PRODUCERS }, async (_, at) => {
      const producer = kafka.producer({ transactionalId: `${topic}-${at}` });
      await producer.connect();
      return producer;
    }),
  );
  const open = new Map<number, CorrectedTransaction>();
  for (let step = 0; step < steps; step += 1) {
    const at = random.below(PRODUCERS);
    const transaction = open.get(at) ?? (await producers[at]?.transaction());
    if (transaction === undefined) continue;
    const isNew = !open.has(at);
    open.set(at, transaction);
    const choice = random.next();
    if (isNew || choice < 0.6) {
      const messages = Array.from({ length: 1 + random.below(3) }, (_, each) => ({
        key: random.next() < 0.1 ? Buffer.alloc(4) : `account ${random.below(5)}`,
        value: `${topic} ${step}.${each}`,
      }));
      await transaction.send({ topic, messages });
      continue;
    }
    if (choice < 0.8) await transaction.abort();
    else await transaction.commit();
    open.delete(at);
  }
  for (const [at, transaction] of open) {
    if (at % 2 === 0) await transaction.abort();
    else await transaction.commit();
  }
  const end = await producers[0]?.transaction();
  await end?.send({ topic, messages: [{ value: `${topic} ${LAST}` }] });
  await end?.commit();
  await Promise.all(producers.map((producer) => producer.disconnect()));
}

export interface Reading {
  readonly topic: string;
  readonly fromOffset: number;
  /** The most that one fetch brings. A broker brings at least one batch. */
  readonly bytesMax: number;
}

/** What a read_committed consumer of a library is handed, up to the last record. It begins where its group's offset says. */
export async function read(kafka: CorrectedKafka, { topic, fromOffset, bytesMax }: Reading): Promise<readonly Seen[]> {
  const groupId = `${topic}-${fromOffset}-${bytesMax}-${process.hrtime.bigint()}`;
  await commitOffset(kafka, groupId, topic, fromOffset);
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: bytesMax, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic });
  const seen: Seen[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachBatch = async ({
      batch,
    }: {
      batch: { messages: readonly { offset: string; value: Buffer | null }[] };
    }) => {
      for (const { offset, value } of batch.messages) {
        seen.push({ offset: Number(offset), value: String(value) });
        if (seen.at(-1)?.value === `${topic} ${LAST}`) resolve();
      }
    };
    consumer.run({ autoCommit: false, eachBatch }).catch(reject);
  });
  await consumer.disconnect();
  return seen;
}
