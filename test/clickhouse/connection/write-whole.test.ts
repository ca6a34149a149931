import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from '../../../src/clickhouse/connection/write-whole.ts';

test('a file holds what was written last, to the byte', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-write-'));
  try {
    const path = join(directory, 'rows');
    for (const length of [3_000_000, 5, 0]) {
      const bytes = new Uint8Array(length).map((_, at) => at % 251);
      await writeWhole(path, bytes);
      expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
    }
    await expect(writeWhole(join(directory, 'missing', 'rows'), new Uint8Array(1))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
