import { expect, it } from 'vitest';
import { UnderWay } from '../../../../src/app/http/api/under-way.ts';

it('has room for so many, and for so many bytes', () => {
  const underWay = new UnderWay(3, 100);
  const leave = underWay.enter(60);
  expect(underWay.enter(50)).toBeUndefined();
  const other = underWay.enter(40);
  expect(other).toBeDefined();
  leave?.();
  expect(underWay.enter(50)).toBeDefined();
  expect(underWay.enter()).toBeDefined();
  expect(underWay.enter()).toBeUndefined();
});

it('lets a single one in that is larger than the limit, for else it never came', () => {
  expect(new UnderWay(3, 100).enter(1_000)).toBeDefined();
});

it('tells when nothing is under way, or that the time is over', async () => {
  const underWay = new UnderWay(3);
  await underWay.empty(1_000_000);
  const leave = underWay.enter();
  await underWay.empty(10);
  expect(underWay.count).toBe(1);
  const empty = underWay.empty(1_000_000);
  leave?.();
  await empty;
});
