import { expect, it } from 'vitest';
import { RowsProgress } from '../../../src/app/cli/rows-progress.ts';

function shown(isTTY: boolean): string {
  let [now, text] = [0, ''];
  const write = (chunk: unknown) => {
    text += String(chunk);
    return true;
  };
  const progress = new RowsProgress({ isTTY, write } as unknown as NodeJS.WriteStream, () => now);
  for (const [atMs, rows] of [
    [0, 0],
    [100, 10_000],
    [250, 20_000],
  ] as const) {
    now = atMs;
    progress.update('comparing t', rows);
  }
  progress.close();
  progress.close();
  return text;
}

it('changes one line on a terminal and takes it away; elsewhere it says nothing', () => {
  expect(shown(true).split('\r\u001b[K')).toEqual(['', 'comparing t', 'comparing t: 20,000 rows', '']);
  expect(shown(false)).toBe('');
});
