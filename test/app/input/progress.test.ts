import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/app/input/progress.ts';

function terminal(columns = 120) {
  const written: string[] = [];
  return { isTTY: true, columns, written, write: (text: string) => written.push(text) };
}

const state = (rows: number, bytesRead: number, bytesTotal?: number, rejected = 0) => ({
  rows,
  rejected,
  bytesRead,
  bytesTotal,
});

describe('Progress', () => {
  it('draws a bar on a terminal, not too often, and takes it away', () => {
    let nowMs = 1_000;
    const stream = terminal();
    const progress = new Progress({ stream, clock: () => nowMs, label: 'a.csv' });
    progress.update(state(0, 0, 1_000));
    nowMs += 50;
    progress.update(state(10, 10, 1_000));
    nowMs += 9_950;
    progress.update(state(25_000, 250, 1_000, 3));
    progress.clear();
    progress.clear();
    expect(stream.written).toEqual([
      `\r\u001b[Ka.csv:  [${'.'.repeat(24)}]  0 %  0 rows`,
      `\r\u001b[Ka.csv:  [${'#'.repeat(6)}${'.'.repeat(18)}]  25 %  25,000 rows  3 rejected  2,500 rows/s  30 s left`,
      '\r\u001b[K',
    ]);
  });

  it('never fills the line of a narrow terminal', () => {
    const stream = terminal(20);
    new Progress({ stream, clock: () => 0, label: 'a long name of a file' }).update(state(1, 1, 2));
    expect(stream.written[0]!.replace('\r\u001b[K', '')).toHaveLength(19);
  });

  it('writes a line every five seconds elsewhere, without a bar', () => {
    let nowMs = 0;
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) };
    const progress = new Progress({ stream, clock: () => nowMs, label: '-' });
    for (nowMs = 0; nowMs <= 10_500; nowMs += 500) progress.update(state(nowMs, nowMs));
    progress.clear();
    expect(written).toEqual(['-:  5,000 rows  1,000 rows/s\n', '-:  10,000 rows  1,000 rows/s\n']);
  });

  it('shows minutes and hours that are left', () => {
    let nowMs = 0;
    const stream = terminal();
    const progress = new Progress({ stream, clock: () => nowMs, label: 'a' });
    nowMs = 10_000;
    progress.update(state(1, 100, 1_000));
    nowMs = 100_000;
    progress.update(state(1, 10, 1_000));
    expect(stream.written[0]).toContain('1 min 30 s left');
    expect(stream.written[1]).toContain('2 h 45 min left');
  });
});
