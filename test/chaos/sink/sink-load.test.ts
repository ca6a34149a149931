import { expect, it } from 'vitest';
import { BACKLOG_TRANSACTIONS, PLAIN_TOPIC, SinkLoad } from './sink-load.ts';

const textOf = (load: SinkLoad, count: number) =>
  Array.from({ length: count }, () => load.next())
    .flat()
    .map(({ topic, partition, key, value }) => [topic, partition, String(key), String(value)]);

it('goes on behind what is there as if it had written that itself', () => {
  const whole = new SinkLoad(5);
  const before = textOf(whole, 150);
  const resumed = new SinkLoad(5);
  resumed.skip(150);
  expect(textOf(resumed, 60)).toEqual(textOf(whole, 60));
  expect(textOf(new SinkLoad(6), 150)).not.toEqual(before);
});

it('has nothing in the backlog that leaves a trace twice, and broken records behind it', () => {
  const load = new SinkLoad(5);
  const topics = new Set(textOf(load, BACKLOG_TRANSACTIONS).map(([topic]) => topic));
  expect(topics.has(PLAIN_TOPIC) || topics.has('transactions.rejected')).toBe(false);
  const rest = textOf(load, 200);
  expect(rest.filter(([topic]) => topic === PLAIN_TOPIC)).toHaveLength(200);
  expect(rest.some(([, , , value]) => String(value).startsWith('{broken'))).toBe(true);
});
