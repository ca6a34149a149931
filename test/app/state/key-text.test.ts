import { bytesSerde, deadlineSerde, int64Serde, jsonSerde, type Serde, stringSerde } from 'headrace';
import { expect, it } from 'vitest';
import { keyOf } from '../../../src/app/state/key-text.ts';

it.each<[string, Serde<never>, string, unknown]>([
  ['text', stringSerde as never, 'A-17', 'A-17'],
  ['text that looks like a number', stringSerde as never, '17', '17'],
  ['text that looks like an object', stringSerde as never, '{"at":1}', '{"at":1}'],
  ['text that is null in JSON', stringSerde as never, 'null', 'null'],
  ['no text at all', stringSerde as never, '', ''],
  ['a whole number', int64Serde as never, '-17', -17n],
  ['a number in JSON', jsonSerde<number>() as never, '17', 17],
  ['an object in JSON', jsonSerde<object>() as never, '{"at":1}', { at: 1 }],
  ['text in JSON without quotes', jsonSerde<string>() as never, 'A-17', 'A-17'],
  ['bytes', bytesSerde as never, 'A', Uint8Array.of(65)],
  ['an object of a serde of its own', deadlineSerde as never, '{"at":5,"id":"w"}', { at: 5, id: 'w' }],
])('reads %s', (_what, serde, text, key) => {
  expect(keyOf(serde as Serde<unknown>, text)).toEqual(key);
});

it('refuses what the serde does not write', () => {
  for (const [serde, text] of [
    [int64Serde, 'A-17'],
    [deadlineSerde, 'w'],
  ] as const) {
    expect(() => keyOf(serde as Serde<unknown>, text)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(`'${text}' is no key of this store`) }),
    );
  }
});
