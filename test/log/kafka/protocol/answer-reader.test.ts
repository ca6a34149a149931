import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadraceError } from '../../../../src/errors.ts';
import { AnswerReader } from '../../../../src/log/kafka/protocol/answer-reader.ts';
import { RequestWriter } from '../../../../src/log/kafka/protocol/request-writer.ts';
import { thrownBy } from './plain-records.ts';

const id = 'Qr9fwYemTniWOXZX4BehQg';

function written(): Buffer {
  const writer = new RequestWriter(1);
  writer
    .int8(-1)
    .int16(-2)
    .int32(-3)
    .int64(-(2n ** 62n))
    .uvarint(300)
    .uvarint(2 ** 31)
    .boolean(true);
  writer.string('zwölf').nullableString(null).compactString('dreizehn').compactNullableString(null);
  writer.bytes(Buffer.from('abc')).uuid(id).noTags();
  writer.array([1, 2], (each) => writer.int32(each));
  writer.compactArray(['x'.repeat(500)], (each) => writer.compactString(each));
  writer.compactArray(null, () => {});
  return Buffer.from(writer.buffer);
}

function read(bytes: Buffer): readonly unknown[] {
  const reader = new AnswerReader(bytes, 'Test');
  return [
    reader.int8(),
    reader.int16(),
    reader.int32(),
    reader.int64(),
    reader.uvarint(),
    reader.uvarint(),
    reader.boolean(),
    reader.string(),
    reader.nullableString(),
    reader.compactString(),
    reader.compactNullableString(),
    reader.bytes().toString(),
    reader.uuid(),
    reader.tags(),
    reader.array(() => reader.int32()),
    reader.compactArray(() => reader.compactString()),
    reader.compactArray(() => reader.int8()),
  ];
}

describe('AnswerReader', () => {
  it('reads what RequestWriter writes', () => {
    const found = read(written());
    expect(found.slice(0, 7)).toEqual([-1, -2, -3, -(2n ** 62n), 300, 2 ** 31, true]);
    expect(found.slice(7, 14)).toEqual(['zwölf', null, 'dreizehn', null, 'abc', id, undefined]);
    expect(found.slice(14)).toEqual([[1, 2], ['x'.repeat(500)], []]);
  });

  it('refuses an answer that is cut short anywhere', () => {
    const whole = written();
    for (let length = 0; length < whole.length; length++) {
      const error = thrownBy(() => read(whole.subarray(0, length)));
      expect(error).toMatchObject({ code: 'LOG_CORRUPT' });
      expect(String(error)).toMatch(/answer to Test/);
    }
  });

  it('reads or refuses any bytes, and allocates nothing for items that are not there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(120), (noise, from) => {
        const bytes = Buffer.concat([written().subarray(0, from), noise]);
        const error = thrownBy(() => read(bytes));
        if (error !== undefined) expect(error).toBeInstanceOf(HeadraceError);
      }),
      { numRuns: 1_000 },
    );
    const many = Buffer.from('7fffffff00', 'hex');
    expect(() => new AnswerReader(many, 'Test').array(() => 0)).toThrow(/2147483647 items/);
  });

  it('passes over tagged fields that it does not know', () => {
    const reader = new AnswerReader(Buffer.from('020002aabb0501cc07', 'hex'), 'Test');
    reader.tags();
    expect(reader.int8()).toBe(7);
  });
});

describe('RequestWriter', () => {
  it('refuses names that the protocol cannot carry', () => {
    expect(() => new RequestWriter().string('ä'.repeat(16_384))).toThrow(HeadraceError);
    expect(new RequestWriter().string('ä'.repeat(16_383)).size()).toBe(2 + 32_766);
  });
});
