import { expect, test } from 'vitest';
import { sendRetries } from '../../../../../src/log/kafka/client/corrections/send-retries.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { FakeCluster } from '../fake-cluster.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

const mended = corrected(sendRetries);
const NOT_LEADER = 6;
const TOO_LARGE = 10;

const messages = (...values: readonly string[]) => ({
  topicMessages: [{ topic: 'payments', messages: values.map((value) => ({ value })) }],
});
const numbered = (count: number) => Array.from({ length: count }, (_, at) => `m${at}`);
const kept = (cluster: FakeCluster) => [...cluster.logs.values()].flat().sort();

/** Partition 1 is led by node 2 at first, which refuses, then by node 1, which has answered for partition 0 by then. */
async function whenTheLeaderMoves(load: LoadModule) {
  const cluster = new FakeCluster(load, [1, 2]);
  cluster.leadersNext = [1, 1];
  cluster.fate = ({ node, partition }) => (node === 2 && partition === 1 ? NOT_LEADER : undefined);
  const send = await cluster.sender(3);
  const answers = await send(messages(...numbered(4)));
  return { kept: kept(cluster), answered: answers.map(({ partition }) => partition).sort() };
}

test('a partition whose leader moved to a broker that had answered is sent, not left out', async () => {
  const old = await whenTheLeaderMoves(stock);
  expect(old.answered).toEqual([0]);
  expect(old.kept).toHaveLength(2);
  const { kept: all, answered } = await whenTheLeaderMoves(mended);
  expect(answered).toEqual([0, 1]);
  expect(all).toEqual(numbered(4));
});

/** Three messages in turn over two partitions: a retry of stock begins with the other partition. */
async function whenAnAttemptFails(load: LoadModule) {
  const cluster = new FakeCluster(load, [1, 2]);
  cluster.fate = ({ node }, attempt) => (node === 2 && attempt === 0 ? NOT_LEADER : undefined);
  await (await cluster.sender(3))(messages(...numbered(3)));
  return kept(cluster);
}

test('a retry sends what has failed, not what the partitioner says the second time', async () => {
  expect(await whenAnAttemptFails(stock)).not.toEqual(numbered(3));
  expect(await whenAnAttemptFails(mended)).toEqual(numbered(3));
});

/** Node 1 is slow, node 2 refuses at once: the retry begins while node 1 is still at it. */
async function whenOneIsSlow(load: LoadModule) {
  const cluster = new FakeCluster(load, [1, 2]);
  cluster.fate = async ({ node }, attempt) => {
    if (node === 1) await new Promise((resolve) => setTimeout(resolve, 60));
    return node === 2 && attempt === 0 ? NOT_LEADER : undefined;
  };
  const send = await cluster.sender(3);
  await send(messages(...numbered(2)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  return kept(cluster);
}

test('a retry begins when all of the attempt before is answered', async () => {
  expect((await whenOneIsSlow(stock)).length).toBeGreaterThan(2);
  expect(await whenOneIsSlow(mended)).toEqual(numbered(2));
});

/** The first send arrives and its answer is lost for good; then another one follows. */
async function afterADoubtfulSend(load: LoadModule) {
  const cluster = new FakeCluster(load, [1]);
  cluster.isIdempotent = true;
  cluster.fate = (_batch, attempt) => (attempt === 0 ? 'appended and lost' : undefined);
  const send = await cluster.sender(0);
  expect(await outcomeOf(send(messages('first')))).toBeInstanceOf(Error);
  await send(messages('second'));
  return kept(cluster);
}

test('a number that may have been used is never given to another message', async () => {
  expect(await afterADoubtfulSend(stock)).toEqual(['first']);
  expect(await afterADoubtfulSend(mended)).toEqual(['first', 'second']);
});

test('a lost answer is repeated under the same number, and the log has it once', async () => {
  const cluster = new FakeCluster(mended, [1, 2]);
  cluster.isIdempotent = true;
  cluster.fate = (_batch, attempt) => (attempt === 0 ? 'appended and lost' : attempt === 1 ? 'lost' : undefined);
  const send = await cluster.sender(5);
  await Promise.all([send(messages(...numbered(4))), send(messages('later', 'still later'))]);
  expect(kept(cluster)).toEqual(['later', ...numbered(4), 'still later'].sort());
  for (const log of cluster.logs.values()) expect(log.at(-1)).toMatch(/later/);
});

test('a number of a batch that was refused for good is used again', async () => {
  const cluster = new FakeCluster(mended, [1]);
  cluster.isIdempotent = true;
  cluster.fate = ({ values }) => (values[0] === 'bad' ? 32 : undefined);
  const send = await cluster.sender(3);
  await send(messages('one'));
  expect(await outcomeOf(send(messages('bad')))).toMatchObject({ type: 'INVALID_TIMESTAMP' });
  await send(messages('two'));
  expect(cluster.sent.map(({ firstSequence, producerId }) => [firstSequence, producerId])).toEqual([
    [0, 1],
    [1, 1],
    [1, 1],
  ]);
});

/** A broker that takes up to three messages in a batch. */
async function toANarrowBroker(load: LoadModule) {
  const cluster = new FakeCluster(load, [1]);
  cluster.isIdempotent = true;
  cluster.fate = ({ values }) => (values.length > 3 ? TOO_LARGE : undefined);
  const outcome = await outcomeOf((await cluster.sender(1))(messages(...numbered(9))));
  return { outcome, log: cluster.logs.get(0) ?? [] };
}

test('a batch over the limit of the broker is halved until it fits, in order', async () => {
  expect((await toANarrowBroker(stock)).outcome).toBeInstanceOf(Error);
  const { outcome, log } = await toANarrowBroker(mended);
  expect(outcome).toMatchObject([{ partition: 0 }, { partition: 0 }, { partition: 0 }, { partition: 0 }]);
  expect(log).toEqual(numbered(9));
});

test('a half that has arrived is not sent again when the other half must be', async () => {
  const cluster = new FakeCluster(mended, [1]);
  cluster.fate = ({ values }, attempt) => (values.length > 3 ? TOO_LARGE : attempt === 2 ? NOT_LEADER : undefined);
  const send = await cluster.sender(3);
  await send(messages(...numbered(6)));
  expect(cluster.logs.get(0)).toEqual(numbered(6));
});

test('one message over the limit is an error', async () => {
  const cluster = new FakeCluster(mended, [1]);
  cluster.fate = () => TOO_LARGE;
  const send = await cluster.sender(1);
  expect(await outcomeOf(send(messages('large')))).toMatchObject({ type: 'MESSAGE_TOO_LARGE', retriable: false });
});

test('more than a megabyte goes out in several batches from the start', async () => {
  const cluster = new FakeCluster(mended, [1]);
  const send = await cluster.sender(1);
  const values = Array.from({ length: 25 }, (_, at) => String(at).padEnd(100_000));
  await send(messages(...values));
  expect(cluster.sent.length).toBe(3);
  expect(cluster.logs.get(0)).toEqual(values);
});

/** The first answer says nothing of partition 1. */
async function whenOneIsLeftOut(load: LoadModule) {
  const cluster = new FakeCluster(load, [1, 1]);
  cluster.fate = ({ partition }, attempt) => (partition === 1 && attempt === 0 ? 'left out' : undefined);
  await (await cluster.sender(2))(messages(...numbered(2)));
  return kept(cluster);
}

test('a partition that an answer leaves out is sent again', async () => {
  expect(await whenOneIsLeftOut(stock)).toEqual(['m0']);
  expect(await whenOneIsLeftOut(mended)).toEqual(['m0', 'm1']);
});

test('without acknowledgements there is nothing to wait for', async () => {
  const cluster = new FakeCluster(mended, [1]);
  const send = await cluster.sender(2);
  expect(await send({ acks: 0, ...messages('unacknowledged') })).toEqual([]);
  expect(kept(cluster)).toEqual(['unacknowledged']);
});
