import { expect, test } from 'vitest';
import { sendRetries } from '../../../../../src/log/kafka/client/corrections/send-retries.ts';
import { transactionEnds } from '../../../../../src/log/kafka/client/corrections/transaction-ends.ts';
import { type LoadModule, loadKafkajs } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { PAYMENT, type Refusal, type Transaction, transactionalProducer } from '../transactional-producers.ts';

const mended = corrected(transactionEnds);
const INVALID_STATE = 48;
const FENCED = 47;

/** A transaction whose end is refused once with a code; then the next one of the same producer. */
async function afterARefusedEnd(load: LoadModule, end: 'commit' | 'abort', code: number) {
  const refusal: Refusal = (name, attempt) => (name === 'endTxn' && attempt === 0 ? code : undefined);
  const { producer, names, asked } = transactionalProducer(load, refusal);
  await producer.connect();
  const first = await producer.transaction();
  await first.send(PAYMENT);
  const refused = await outcomeOf(first[end]());
  const next = await outcomeOf(
    (async () => {
      const second = await producer.transaction();
      await second.send(PAYMENT);
      return { second, isFirstActive: first.isActive() };
    })(),
  );
  return { refused, next: next as { second: Transaction; isFirstActive: boolean }, names: names(), asked };
}

test.each(['commit', 'abort'] as const)('a %s that fails does not leave the producer unusable', async (end) => {
  const old = await afterARefusedEnd(stock, end, INVALID_STATE);
  expect(old.next).toMatchObject({ message: expect.stringMatching(/Transaction state exception/) });

  const { refused, next, asked } = await afterARefusedEnd(mended, end, INVALID_STATE);
  expect(refused).toMatchObject({ type: 'INVALID_TXN_STATE' });
  expect(next.isFirstActive).toBe(false);
  await next.second.commit();
  expect(asked.filter(({ request }) => request === 'initProducerId')).toHaveLength(2);
  expect(asked.at(-1)).toMatchObject({ request: 'endTxn', payload: { producerEpoch: 1, transactionResult: true } });
});

test('a producer that another one has fenced does not take the id back', async () => {
  const { next, names } = await afterARefusedEnd(mended, 'commit', FENCED);
  expect(next).toMatchObject({ retriable: false, message: expect.stringMatching(/Another producer has taken/) });
  expect(names.filter((name) => name === 'initProducerId')).toHaveLength(1);
});

test('after an abort the producer takes a new epoch: no number of an aborted message is one of the next', async () => {
  const epochs = async (load: LoadModule) => {
    const { producer, asked } = transactionalProducer(load);
    await producer.connect();
    for (const end of ['abort', 'commit', 'commit'] as const) {
      const transaction = await producer.transaction();
      await transaction.send(PAYMENT);
      await transaction[end]();
    }
    return asked.filter(({ request }) => request === 'produce').map(({ payload }) => payload.producerEpoch);
  };
  expect(await epochs(stock)).toEqual([0, 0, 0]);
  expect(await epochs(mended)).toEqual([0, 1, 1]);
});

test('a transaction of which a send failed can be aborted, and only that', async () => {
  const both = loadKafkajs([sendRetries, transactionEnds]);
  const refusal: Refusal = (name) => (name === 'produce' ? 32 : undefined);
  for (const [load, isCommitted] of [
    [stock, true],
    [both, false],
  ] as const) {
    const { producer, asked } = transactionalProducer(load, refusal);
    await producer.connect();
    const transaction = await producer.transaction();
    expect(await outcomeOf(transaction.send(PAYMENT))).toBeInstanceOf(Error);
    const outcome = await outcomeOf(transaction.commit());
    if (isCommitted) expect(outcome).toBeUndefined();
    else {
      expect(outcome).toMatchObject({ message: expect.stringMatching(/can only be aborted/) });
      await transaction.abort();
    }
    expect(asked.at(-1)).toMatchObject({ request: 'endTxn', payload: { transactionResult: isCommitted } });
  }
});
