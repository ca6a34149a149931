import { expect, test } from 'vitest';
import { transactionRequests } from '../../../../../src/log/kafka/client/corrections/transaction-requests.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';
import { OFFSETS, PAYMENT, type Refusal, transactionalProducer } from '../transactional-producers.ts';

const mended = corrected(transactionRequests);
const CODES = { loading: 14, notAvailable: 15, notCoordinator: 16, concurrent: 51, refused: 53 } as const;

/** One transaction with offsets; the outcome of it, and what was asked. */
async function transacted(load: LoadModule, refusal?: Refusal) {
  const { producer, names } = transactionalProducer(load, refusal);
  await producer.connect();
  const began = performance.now();
  const outcome = await outcomeOf(
    (async () => {
      const transaction = await producer.transaction();
      await transaction.send(PAYMENT);
      await transaction.sendOffsets(OFFSETS);
      await transaction.commit();
    })(),
  );
  return { outcome, names: names(), milliseconds: performance.now() - began };
}

test.each(['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'])(
  '%s is sent again while its coordinator moves or loads',
  async (request) => {
    for (const code of [CODES.notCoordinator, CODES.notAvailable, CODES.loading]) {
      const refusal: Refusal = (name, attempt) => (name === request && attempt < 2 ? code : undefined);
      // Stock repeats AddPartitionsToTxn by repeating the send.
      if (request !== 'addPartitionsToTxn') expect((await transacted(stock, refusal)).outcome).toBeInstanceOf(Error);
      const { outcome, names } = await transacted(mended, refusal);
      expect(outcome).toBeUndefined();
      expect(names.filter((name) => name === request)).toHaveLength(3);
    }
  },
);

test.each(['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit', 'endTxn'])(
  '%s is sent again after a lost connection, to a coordinator that is looked up anew',
  async (request) => {
    const refusal: Refusal = (name, attempt) => (name === request && attempt === 0 ? 'lost' : undefined);
    const { outcome, names } = await transacted(mended, refusal);
    expect(outcome).toBeUndefined();
    expect(names.filter((name) => name === 'findCoordinator')).toHaveLength(3);
  },
);

test('coordinators are looked up once, where stock looks them up four times a transaction', async () => {
  const lookUps = async (load: LoadModule) => {
    const { producer, names } = transactionalProducer(load);
    await producer.connect();
    for (let each = 0; each < 3; each += 1) {
      const transaction = await producer.transaction();
      await transaction.send(PAYMENT);
      await transaction.sendOffsets(OFFSETS);
      await transaction.commit();
    }
    return names().filter((name) => name === 'findCoordinator').length;
  };
  expect(await lookUps(stock)).toBe(1 + 3 * 4);
  expect(await lookUps(mended)).toBe(2);
});

test('CONCURRENT_TRANSACTIONS costs milliseconds, not hundreds of them', async () => {
  const refusal: Refusal = (name, attempt) =>
    name === 'addPartitionsToTxn' && attempt === 0 ? CODES.concurrent : undefined;
  const stockMs = (await transacted(stock, refusal)).milliseconds;
  expect(stockMs).toBeGreaterThan(200);
  expect((await transacted(mended, refusal)).milliseconds).toBeLessThan(stockMs / 2);
});

test('a refusal for good is told at once', async () => {
  const { outcome, names } = await transacted(mended, (name) => (name === 'endTxn' ? CODES.refused : undefined));
  expect(outcome).toMatchObject({ type: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' });
  expect(names.filter((name) => name === 'endTxn')).toHaveLength(1);
});
