import { expect, it } from 'vitest';
import { plainJson } from '../../../src/app/state/plain-json.ts';

it('has everything that stores hold in JSON', () => {
  const value = {
    booked: 12_345_678_901_234_567_890n,
    balances: new Map([['EUR', { booked: 5n }]]),
    pairs: new Map([[1n, 'one']]),
    tags: new Set(['a']),
    at: new Date(0),
    bytes: Uint8Array.of(255),
    list: [null, true, 1.5, 'x', [2n]],
    left: undefined,
  };
  expect(JSON.parse(JSON.stringify(plainJson(value)))).toEqual({
    booked: '12345678901234567890',
    balances: { EUR: { booked: '5' } },
    pairs: [['1', 'one']],
    tags: ['a'],
    at: '1970-01-01T00:00:00.000Z',
    bytes: { base64: '/w==' },
    list: [null, true, 1.5, 'x', ['2']],
  });
});
