import { describe, expect, it } from 'vitest';
import { parkKeysMaxOf } from '../../../src/app/cli/park-keys.ts';

describe('how many keys may wait', () => {
  it.each<[number | true | undefined, string | undefined, number | undefined]>([
    [undefined, undefined, undefined],
    [undefined, '', undefined],
    [undefined, 'false', undefined],
    [undefined, 'true', 10_000],
    [undefined, '25', 25],
    [true, '25', 10_000],
    [7, 'nonsense', 7],
  ])('option %s, environment %s: %s', (option, environment, expected) => {
    expect(parkKeysMaxOf(option, environment === undefined ? {} : { HEADRACE_PARK_KEYS: environment })).toBe(expected);
  });

  it.each(['0', 'yes', '1e3', '-1', '1000001'])('%s is none', (text) => {
    expect(() => parkKeysMaxOf(undefined, { HEADRACE_PARK_KEYS: text })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});
