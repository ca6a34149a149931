import { expect, it } from 'vitest';
import { Faults } from '../../src/app/faults.ts';
import { HeadraceError } from '../../src/errors.ts';

it('counts by who met it and by its code, and keeps the last one', () => {
  const faults = new Faults();
  expect([faults.last, faults.counts]).toEqual([undefined, []]);
  const away = new HeadraceError('KAFKA_UNAVAILABLE', 'No broker answers');
  const refused = new HeadraceError('COMMIT_REFUSED', 'Nothing was committed');
  for (const error of [away, away]) faults.note('log', error);
  faults.note('ledger', refused);
  faults.note('atm', refused);
  expect(faults.last).toBe(refused);
  expect(faults.counts).toEqual([
    { source: 'log', code: 'KAFKA_UNAVAILABLE', count: 2 },
    { source: 'ledger', code: 'COMMIT_REFUSED', count: 1 },
    { source: 'atm', code: 'COMMIT_REFUSED', count: 1 },
  ]);
});
