import { expect, test } from 'vitest';
import { messageGrouping } from '../../../../../src/log/kafka/client/corrections/message-grouping.ts';
import { corrected, stock } from '../libraries.ts';

interface Message {
  readonly value: number;
}
type Group = (grouping: object) => Record<string, readonly Message[]>;

const GROUPING = 'src/producer/groupMessagesPerPartition';
const partitioner = ({ message }: { message: Message }) => message.value % 3;

function timed(group: Group, count: number) {
  const messages = Array.from({ length: count }, (_, value) => ({ value }));
  const began = performance.now();
  const groups = group({ topic: 't', partitionMetadata: [1, 2, 3], messages, partitioner });
  return { groups, milliseconds: performance.now() - began };
}

test('the same groups in the same order', () => {
  const [old, mended] = [stock(GROUPING) as Group, corrected(messageGrouping)(GROUPING) as Group];
  expect(timed(mended, 50).groups).toEqual(timed(old, 50).groups);
  expect(mended({ topic: 't', partitionMetadata: [], messages: [{ value: 1 }], partitioner })).toEqual({});
});

test('linear, where stock is quadratic', () => {
  const [old, mended] = [stock(GROUPING) as Group, corrected(messageGrouping)(GROUPING) as Group];
  timed(mended, 15_000);
  const stockMs = timed(old, 15_000).milliseconds;
  const mendedMs = timed(mended, 15_000).milliseconds;
  expect(stockMs).toBeGreaterThan(10 * mendedMs);
});
