import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/random.ts';
import { PunctuationQueue } from '../../src/runtime/punctuation-queue.ts';

function queueOf(...dues: readonly (readonly [name: string, due: number])[]) {
  const queue = new PunctuationQueue<{ readonly name: string; due: number }>();
  for (const [name, due] of dues) queue.add({ name, due });
  return queue;
}

function drained(queue: ReturnType<typeof queueOf>): readonly string[] {
  const names: string[] = [];
  for (let first = queue.first; first !== undefined; first = queue.first) {
    names.push(first.name);
    queue.removeFirst();
  }
  return names;
}

describe('a queue of punctuations', () => {
  it('gives first what is due first', () => {
    const random = seededRandom(7);
    const dues = Array.from({ length: 60 }, (_, index) => [`${index}`, random.below(20)] as const);
    const due = new Map<string, number>(dues);
    const order = drained(queueOf(...dues)).map((name) => due.get(name));
    expect(order).toEqual([...due.values()].sort((one, other) => one - other));
  });

  // What java.util.PriorityQueue gives.
  it.each([
    [['a 0', 'b 0'], 'ab'],
    [['a 0', 'b 0', 'c 0'], 'acb'],
    [['a 0', 'b 0', 'c 0', 'd 0'], 'adcb'],
    [['a 5', 'b 0', 'c 5', 'd 0'], 'bdca'],
  ] as const)('settles who comes first of %s as Java does', (texts: readonly string[], order) => {
    const dues = texts.map((text) => [text.slice(0, 1), Number(text.slice(2))] as const);
    expect(drained(queueOf(...dues)).join('')).toBe(order);
  });

  it('is made again by adding its elements in its order', () => {
    const queue = queueOf(['a', 3], ['b', 1], ['c', 3], ['d', 2], ['e', 1], ['f', 3]);
    const again = queueOf(...queue.all.map(({ name, due }) => [name, due] as const));
    expect(drained(again)).toEqual(drained(queue));
  });
});
