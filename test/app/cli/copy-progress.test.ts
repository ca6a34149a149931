import { expect, it } from 'vitest';
import { CopyProgress } from '../../../src/app/cli/copy-progress.ts';

const MIB = 1024 * 1024;

function shown(isTTY: boolean, updates: readonly (readonly [atMs: number, done: number, total: number])[]): string {
  let [now, text] = [0, ''];
  const stream = {
    isTTY,
    write: (chunk: string) => {
      text += chunk;
      return true;
    },
  };
  const progress = new CopyProgress(stream as unknown as NodeJS.WriteStream, () => now, 'Backing up');
  for (const [atMs, done, total] of updates) {
    now = atMs;
    progress.update(done, total);
  }
  progress.close();
  return text;
}

it('changes one line on a terminal, and takes it away at the end', () => {
  const text = shown(true, [
    [10, 1 * MIB, 8 * MIB],
    [500, 2 * MIB, 8 * MIB],
    [600, 3 * MIB, 8 * MIB],
    [1_000, 4 * MIB, 9 * MIB],
  ]);
  expect(text.split('\r\u001b[K')).toEqual([
    '',
    'Backing up: 2.0 of 8.0 MiB, 4.0 MiB/s',
    'Backing up: 4.0 of 9.0 MiB, 4.0 MiB/s',
    '',
  ]);
});

it('writes a line every ten seconds elsewhere, and nothing for a short copy', () => {
  expect(shown(false, [[9_999, MIB, MIB]])).toBe('');
  expect(
    shown(false, [
      [10_000, 10 * MIB, 40 * MIB],
      [15_000, 15 * MIB, 40 * MIB],
      [20_000, 30 * MIB, 40 * MIB],
    ]),
  ).toBe('Backing up: 10.0 of 40.0 MiB, 1.0 MiB/s\nBacking up: 30.0 of 40.0 MiB, 1.5 MiB/s\n');
});
