import { describe, expect, it } from 'vitest';
import { THREADS_MAX, threadsOf } from '../../../src/app/cli/threads.ts';

const kafka = '127.0.0.1:9092';
const environmentOf = (text: string | undefined) => (text === undefined ? {} : { HEADRACE_THREADS: text });

describe('how many threads', () => {
  it.each<[number | undefined, string | undefined, number]>([
    [undefined, undefined, 1],
    [undefined, '', 1],
    [undefined, '4', 4],
    [2, '4', 2],
    [1, 'nonsense', 1],
    [undefined, `${THREADS_MAX}`, THREADS_MAX],
  ])('option %s, environment %s: %s', (threads, text, expected) => {
    expect(threadsOf({ threads, kafka }, environmentOf(text))).toBe(expected);
  });

  it.each(['0', 'two', '1e1', '-1', `${THREADS_MAX + 1}`])('%s in the environment is none', (text) => {
    expect(() => threadsOf({ kafka }, environmentOf(text))).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it.each([
    [2, undefined],
    [undefined, '2'],
  ])('option %s, environment %s: needs Kafka', (threads, text) => {
    const wrong = expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('--kafka') });
    expect(() => threadsOf({ threads }, environmentOf(text))).toThrow(wrong);
  });
});
