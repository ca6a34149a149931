import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinParts, partsIn, partsOf } from '../../src/serde/parts.ts';

const part = fc.option(fc.uint8Array({ maxLength: 300 }));

test('parts come back as they were, behind any head', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), fc.nat(12), (parts, head) => {
      expect(partsIn(joinParts(parts, head), 'It', head).map((each) => each && [...each])).toEqual(
        parts.map((each) => each && [...each]),
      );
    }),
  );
});

test('what is cut off anywhere, or has more than it needs, is refused by name', () => {
  const bytes = joinParts([Uint8Array.of(1, 2, 3), null, Uint8Array.of()]);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => partsOf(bytes.subarray(0, length), 'It', 3)).toThrow('It is cut off or has more than it needs');
  }
  expect(() => partsOf(bytes, 'It', 2)).toThrow(/cut off/);
});
