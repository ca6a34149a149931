import { deadlineSerde, HeadraceError } from 'headrace';
import { expect, test } from 'vitest';

test('a deadline comes back as it was, whatever its id', () => {
  for (const deadline of [
    { at: 0, id: '' },
    { at: 1_700_000_000_123, id: 'withdrawal-ž' },
    { at: Number.MAX_SAFE_INTEGER, id: 'x'.repeat(300) },
  ]) {
    expect(deadlineSerde.deserialize(deadlineSerde.serialize(deadline))).toEqual(deadline);
  }
});

test('the order of the bytes is that of time', () => {
  const keys = [255, 256, 1, 65_536, 1_700_000_000_123].map((at) => deadlineSerde.serialize({ at, id: 'z' }));
  const times = keys.sort(Buffer.compare).map((bytes) => deadlineSerde.deserialize(bytes).at);
  expect(times).toEqual([1, 255, 256, 65_536, 1_700_000_000_123]);
});

test('what is too short to hold a time is refused', () => {
  expect(() => deadlineSerde.deserialize(new Uint8Array(7))).toThrow(HeadraceError);
});
