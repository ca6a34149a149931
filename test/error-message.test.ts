import { expect, it } from 'vitest';
import { errorMessage, errorOf } from '../src/error-message.ts';
import { HeadraceError } from '../src/errors.ts';

it('an error goes to another thread with its code, its place and its stack', () => {
  const error = new HeadraceError('TOPIC_UNKNOWN', 'no such topic', { retriable: true, where: { topic: 'in' } });
  const there = errorOf(structuredClone(errorMessage(error)), 'Thread 2: ');
  expect(there).toBeInstanceOf(HeadraceError);
  expect(there).toMatchObject({
    code: 'TOPIC_UNKNOWN',
    message: 'Thread 2: no such topic',
    retriable: true,
    where: { topic: 'in' },
    stack: error.stack,
  });
});

it('so does one that is not our own, and what is no error at all', () => {
  expect(errorOf(errorMessage(new TypeError('x is not a function')))).toMatchObject({
    code: 'PROCESSING_FAILED',
    message: 'x is not a function',
    retriable: false,
  });
  expect(errorOf(errorMessage('thrown text')).message).toBe('thrown text');
});
