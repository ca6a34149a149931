import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RawRow, RowSplitter } from '../../../src/app/input/row-splitter.ts';

function split(delimiter: string | undefined, pieces: readonly string[]): readonly string[] {
  const splitter = new RowSplitter(delimiter);
  const rows: RawRow[] = pieces.flatMap((piece) => splitter.push(Buffer.from(piece)));
  rows.push(...splitter.end());
  return rows.map(({ line, bytes, problem }) => `${line} ${problem ?? ''} ${JSON.stringify(bytes.toString())}`);
}

describe('RowSplitter', () => {
  it('keeps line breaks in quotes, for CSV only', () => {
    const text = 'a,"b\r\n""c"\r\nd,"e"\n"f"';
    expect(split(',', [text])).toEqual(['1  "a,\\"b\\r\\n\\"\\"c\\""', '3  "d,\\"e\\""', '4  "\\"f\\""']);
    expect(split(undefined, ['{"a":"\n"}\r\n'])).toEqual(['1  "{\\"a\\":\\""', '2  "\\"}"']);
  });

  it('cuts the same rows however the bytes come', () => {
    const text = fc.array(
      fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', 'a', 'b"', ',"', '",', '"\n', '\n"', '\na'),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(text, fc.constantFrom(',', undefined), (tokens, delimiter) => {
        const whole = tokens.join('');
        const expected = split(delimiter, [whole]);
        expect(split(delimiter, tokens)).toEqual(expected);
        expect(split(delimiter, [...whole])).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses no byte and counts every line', () => {
    const text = fc.array(fc.constantFrom('"', ',', '\n', 'a', '""'), { maxLength: 40 });
    fc.assert(
      fc.property(text, (tokens) => {
        const splitter = new RowSplitter(',');
        const whole = tokens.join('');
        const rows = [...splitter.push(Buffer.from(whole)), ...splitter.end()];
        const together = rows.map(({ bytes }) => bytes.toString()).join('\n');
        expect(together).toBe(whole.replace(/\n$/, ''));
        rows.forEach(({ line }, i) => {
          const before = rows
            .slice(0, i)
            .map(({ bytes }) => `${bytes.toString()}\n`)
            .join('');
          expect(line).toBe(before.split('\n').length);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});
