import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headrace, workplace } from './headrace.ts';

let place: ReturnType<typeof workplace>;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

describe.concurrent('without a data directory', () => {
  it.each([['query', 'SELECT 1'], ['consume', 'balances'], ['dlq', 'list'], ['reconcile']])(
    '%s says so, and makes none',
    async (...args) => {
      const result = await headrace([...args, '--data', place.file('nowhere')]);
      expect(result).toMatchObject({ status: 1, err: expect.stringMatching(/no data directory .*nowhere.*--data/) });
      expect(readdirSync(place.path)).toEqual([]);
    },
  );

  it.each([
    ['--port', '65536', /from 0 to 65535/],
    ['--partitions', '5000000', /from 1 to 1024/],
    ['--rate', '0', /from 1 to 1000000/],
  ] as const)('start %s %s is refused before one is made', async (option, value, range) => {
    const result = await headrace(['start', option, value, '--data', place.file('nowhere')]);
    expect(result).toMatchObject({ status: 2, out: '', err: expect.stringMatching(range) });
    expect(readdirSync(place.path)).toEqual([]);
  });
});
