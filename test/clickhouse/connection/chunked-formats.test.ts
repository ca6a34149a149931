import { describe, expect, test } from 'vitest';
import { chunkingOf, RepeatedHead } from '../../../src/clickhouse/connection/chunked-formats.ts';

test('a format that is not known as a stream comes whole', () => {
  expect(chunkingOf('JSON')).toBe('whole');
  expect(chunkingOf('Parquet')).toBe('whole');
  expect(chunkingOf('Native')).toBe('chunked');
  expect(chunkingOf('RowBinaryWithNamesAndTypes')).toBe('headed');
});

describe('the head that each chunk has is in the result once', () => {
  const joined = (format: string, head: string | Buffer, rows: readonly (string | Buffer)[]) => {
    const stripper = new RepeatedHead(format);
    return Buffer.concat(
      rows.map((row) => stripper.strip(Buffer.concat([Buffer.from(head), Buffer.from(row)]))),
    ).toString('latin1');
  };

  test.each([
    ['CSVWithNames', '"a\n""b"\n'],
    ['CSVWithNamesAndTypes', '"a\nb"\n"Int8"\n'],
    ['TSVWithNames', 'a\n'],
    ['TabSeparatedWithNamesAndTypes', 'a"\nInt8\n'],
    ['JSONCompactEachRowWithNamesAndTypes', '["a"]\n["Int8"]\n'],
  ])('%s', (format, head) => {
    expect(joined(format, head, ['1\n', '2\n', '3\n'])).toBe(`${head}1\n2\n3\n`);
  });

  test('RowBinaryWithNamesAndTypes, with a name of more than 127 bytes', () => {
    const name = Buffer.from('\n'.repeat(200));
    const head = Buffer.concat([Buffer.from([2, 1, 0x0a, 0xc8, 1]), name, Buffer.from('\x04Int8\x05Int16')]);
    expect(joined('RowBinaryWithNamesAndTypes', head, [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])])).toBe(
      `${head.toString('latin1')}\x01\x02\x03\x04\x05\x06`,
    );
  });
});
