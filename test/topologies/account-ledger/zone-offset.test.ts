import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zoneOffset } from '../../../topologies/account-ledger/zone-offset.ts';

/** Another way to the same: the zone's wall clock as Sweden writes it, read as if it were UTC. */
function expected(zone: string, moment: number): number {
  const wall = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return Date.parse(`${wall.format(moment).replace(' ', 'T')}Z`) - Math.floor(moment / 1_000) * 1_000;
}

describe("a zone's offset", () => {
  const zones = ['Europe/Prague', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'];

  it.each(zones)('of %s is right at any moment, asked for in any order and again', (zone) => {
    const offsetAt = zoneOffset(zone);
    const moments = fc.array(fc.integer({ min: Date.UTC(1900, 0, 2), max: Date.UTC(2100, 0, 1) }), { maxLength: 20 });
    fc.assert(
      fc.property(moments, (asked) => {
        for (const moment of [...asked, ...asked]) expect(offsetAt(moment)).toBe(expected(zone, moment));
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['Europe/Prague', '2026-03-29T01:00:00Z'],
    ['Europe/Prague', '2026-10-25T01:00:00Z'],
    ['America/New_York', '2026-03-08T07:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ])('of %s changes at %s to the millisecond', (zone, change) => {
    const offsetAt = zoneOffset(zone);
    const at = Date.parse(change);
    for (const moment of [at - 21_600_000, at - 1, at, at + 1, at + 21_600_000]) {
      expect(offsetAt(moment)).toBe(expected(zone, moment));
    }
    expect(offsetAt(at - 1)).not.toBe(offsetAt(at));
  });

  it('stays right when more was asked for than is remembered', () => {
    const offsetAt = zoneOffset('Europe/Prague');
    for (let day = 0; day < 20_000; day++) offsetAt(day * 86_400_000);
    expect(offsetAt(Date.UTC(1975, 6, 1))).toBe(3_600_000);
    expect(offsetAt(Date.UTC(2026, 6, 1))).toBe(7_200_000);
  });
});
