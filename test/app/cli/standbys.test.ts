import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { standbysOf } from '../../../src/app/cli/standbys.ts';
import { runCommand } from './run-command.ts';

const KAFKA = '127.0.0.1:9092';
const environmentOf = (text: string | undefined) => (text === undefined ? {} : { HEADRACE_STANDBYS: text });

describe('how many copies are kept on other instances', () => {
  it.each<[number | undefined, string | undefined, string | undefined, number | undefined]>([
    [undefined, undefined, undefined, undefined],
    [undefined, undefined, '', undefined],
    [undefined, undefined, '0', 0],
    [undefined, KAFKA, '2', 2],
    [1, KAFKA, '2', 1],
    [0, KAFKA, 'nonsense', 0],
  ])('option %s, brokers %s, environment %s: %s', (option, kafka, environment, expected) => {
    expect(standbysOf(option, kafka, environmentOf(environment))).toBe(expected);
  });

  it.each<[number | undefined, string | undefined, string | undefined, RegExp]>([
    [undefined, KAFKA, '9', /from 0 to 8, not 9/],
    [undefined, KAFKA, '-1', /not -1/],
    [undefined, KAFKA, 'many', /not many/],
    [undefined, undefined, '1', /--kafka/],
    [2, undefined, undefined, /--kafka/],
  ])('option %s, brokers %s, environment %s is refused', (option, kafka, environment, message) => {
    expect(() => standbysOf(option, kafka, environmentOf(environment))).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringMatching(message) }),
    );
  });

  it('is refused by the command that has no such brokers, before anything is opened', async () => {
    const data = join(tmpdir(), `headrace-standbys-${process.pid}`);
    const { code, err } = await runCommand('--data', data, 'start', '--standbys', '1');
    expect([code, err, existsSync(data)]).toEqual([2, expect.stringContaining('--kafka'), false]);
  });
});
