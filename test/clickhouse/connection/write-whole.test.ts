import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from '../../../src/clickhouse/connection/write-whole.ts';

test('a file holds what was written last, to the byte', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-write-'));
  try {
    const path = join(directory, 'rows');
    for (const [length, pieceBytes] of [
      [3_000_000, 3_000_000],
      // More pieces than one call takes.
      [3_000, 1],
      [5, 2],
      [0, 1],
    ] as const) {
      const bytes = new Uint8Array(length).map((_, at) => at % 251);
      const pieces = [];
      for (let at = 0; at < length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
      await writeWhole(path, pieces);
      expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
    }
    await expect(writeWhole(join(directory, 'missing', 'rows'), [new Uint8Array(1)])).rejects.toMatchObject({
      code: 'ENOENT',
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
