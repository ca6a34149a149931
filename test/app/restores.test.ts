import { expect, it } from 'vitest';
import { Restores, sumOfRestores } from '../../src/app/restores.ts';
import type { RestoreProgress } from '../../src/log/kafka/state/restore-progress.ts';

const progress = (more: Partial<RestoreProgress>): RestoreProgress => ({
  topic: 'g-in-changelog',
  partition: 0,
  group: 'g',
  kind: 'owner',
  isOver: false,
  fromOffset: 0,
  offset: 0,
  endOffset: 50_000,
  records: 0,
  bytes: 0,
  ...more,
});

it('counts what was read once, and tells a long restore at its beginning, every five seconds, and at its end', () => {
  let now = 1_000;
  const lines: string[] = [];
  const silent = { warn: () => {}, error: () => {} };
  const restores = new Restores(() => now, {
    ...silent,
    info: ({ kind, records, seconds }, message) => void lines.push(`${kind} ${records} ${seconds} ${message}`),
  });
  const figures = () => restores.figures.map(({ kind, records, remaining }) => [kind, records, remaining]);
  restores.note(progress({}));
  expect(figures()).toEqual([
    ['owner', 0, 50_000],
    ['standby', 0, 0],
  ]);
  now += 4_000;
  restores.note(progress({ offset: 20_000, records: 10_000 }));
  restores.note(progress({ kind: 'standby', partition: 3, fromOffset: 90, offset: 100, endOffset: 130, records: 7 }));
  now += 1_000;
  restores.note(progress({ offset: 40_000, records: 20_000 }));
  expect(figures()).toEqual([
    ['owner', 20_000, 10_000],
    ['standby', 7, 30],
  ]);
  now += 100;
  restores.note(progress({ offset: 50_000, records: 25_000, isOver: true }));
  restores.note(
    progress({ kind: 'standby', partition: 3, fromOffset: 100, offset: 130, endOffset: 130, records: 7, isOver: true }),
  );
  expect(figures()).toEqual([
    ['owner', 25_000, 0],
    ['standby', 14, 0],
  ]);
  expect(lines).toEqual([
    'owner 0 0 Local state is being restored from its changelog',
    'owner 20000 5 Local state is being restored from its changelog',
    'owner 25000 5.1 Local state is restored',
  ]);
});

it('figures of several threads are added up by kind', () => {
  const owner = { kind: 'owner', records: 3, remaining: 1 } as const;
  const standby = { kind: 'standby', records: 5, remaining: 7 } as const;
  expect(sumOfRestores([owner, standby], [], [{ ...owner, records: 10 }])).toEqual([
    { kind: 'owner', records: 13, remaining: 2 },
    standby,
  ]);
});
