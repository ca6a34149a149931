import { describe, expect, it } from 'vitest';
import { businessTime } from '../../../topologies/account-ledger/business-time.ts';

function moment(text: string, zone?: string): string | undefined {
  const parsed = businessTime(zone).parse(text);
  return parsed === undefined ? undefined : new Date(parsed).toISOString();
}

describe('times', () => {
  it.each([
    ['2026-06-15T11:00:00Z', '2026-06-15T11:00:00.000Z'],
    ['2026-06-15t11:00:00z', '2026-06-15T11:00:00.000Z'],
    ['2026-06-15 11:00:00Z', '2026-06-15T11:00:00.000Z'],
    ['2026-06-15T11:00:00+02:00', '2026-06-15T09:00:00.000Z'],
    ['2026-06-15T11:00:00-05:30', '2026-06-15T16:30:00.000Z'],
    ['2026-06-15T11:00:00-00:00', '2026-06-15T11:00:00.000Z'],
    ['2026-06-15T11:00:00.5Z', '2026-06-15T11:00:00.500Z'],
    ['2026-06-15T11:00:00.123999999Z', '2026-06-15T11:00:00.123Z'],
    ['2026-06-15T11:00', '2026-06-15T11:00:00.000Z'],
    ['2026-06-15', '2026-06-15T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['1993-01-02', '1993-01-02T00:00:00.000Z'],
    ['1900-01-02', '1900-01-02T00:00:00.000Z'],
    ['2298-12-31T23:59:59.999Z', '2298-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, expected) => {
    expect(moment(text)).toBe(expected);
  });

  it.each([
    '',
    '2026',
    '2026-06',
    '15.06.2026',
    '2026-6-15',
    '20260615',
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-06-00',
    '2026-06-15T24:00:00Z',
    '2026-06-15T11:60:00Z',
    '2026-06-15T11:00:61Z',
    '2026-06-15T11:00:00+0200',
    '2026-06-15T11:00:00+24:00',
    '2026-06-15T11:00:00+02:60',
    '2026-06-15T11:00:00.Z',
    '2026-06-15T11:00:00.1234567890Z',
    '2026-06-15Z',
    '2026-06-15T11:00:00Z\n',
    ' 2026-06-15',
    '+002026-06-15T11:00:00Z',
    '٢٠٢٦-٠٦-١٥',
    '1781521200000',
    '1900-01-01T23:59:59Z',
    '2299-01-01',
    '0099-01-01',
    'yesterday',
  ])('%j is none', (text) => {
    expect(moment(text)).toBeUndefined();
  });
});

describe('a business zone', () => {
  it.each([
    ['a date means its midnight there', '2026-06-15', 'Europe/Prague', '2026-06-14T22:00:00.000Z'],
    ['also in winter', '2026-01-15', 'Europe/Prague', '2026-01-14T23:00:00.000Z'],
    ['a time without a zone is its own', '2026-06-15T10:00:00', 'America/New_York', '2026-06-15T14:00:00.000Z'],
    ['a time with a zone is not', '2026-06-15T10:00:00Z', 'America/New_York', '2026-06-15T10:00:00.000Z'],
    ['half hours', '2026-06-15', 'Asia/Kolkata', '2026-06-14T18:30:00.000Z'],
    ['a time that occurs twice is the earlier', '2026-10-25T02:30:00', 'Europe/Prague', '2026-10-25T00:30:00.000Z'],
    ['before it', '2026-10-25T01:59:59', 'Europe/Prague', '2026-10-24T23:59:59.000Z'],
    ['and after', '2026-10-25T03:00:00', 'Europe/Prague', '2026-10-25T02:00:00.000Z'],
    [
      'a time that is skipped, as before the change',
      '2026-03-29T02:30:00',
      'Europe/Prague',
      '2026-03-29T01:30:00.000Z',
    ],
    ['the last before it', '2026-03-29T01:59:59', 'Europe/Prague', '2026-03-29T00:59:59.000Z'],
    ['the first after it', '2026-03-29T03:00:00', 'Europe/Prague', '2026-03-29T01:00:00.000Z'],
    ['a midnight that is skipped', '2026-03-29', 'Asia/Beirut', '2026-03-28T22:00:00.000Z'],
    ['a whole day that is skipped', '2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['a far east', '2026-06-15', 'Pacific/Kiritimati', '2026-06-14T10:00:00.000Z'],
    ['a far west', '2026-06-15', 'Pacific/Niue', '2026-06-15T11:00:00.000Z'],
    ['an offset with seconds, of old', '1960-06-15', 'Africa/Monrovia', '1960-06-15T00:44:30.000Z'],
  ])('%s', (_what, text, zone, expected) => {
    expect(moment(text, zone)).toBe(expected);
  });

  it.each([
    ['UTC', '2026-06-14T23:59:59.999Z', '2026-06-14'],
    ['Europe/Prague', '2026-06-14T21:59:59.999Z', '2026-06-14'],
    ['Europe/Prague', '2026-06-14T22:00:00.000Z', '2026-06-15'],
    ['Europe/Prague', '2026-12-31T23:00:00.000Z', '2027-01-01'],
    ['America/New_York', '2026-06-15T03:59:59.999Z', '2026-06-14'],
    ['America/New_York', '1969-12-31T23:59:59.999Z', '1969-12-31'],
  ])('in %s the day of %s is %s', (zone, text, day) => {
    expect(businessTime(zone).dayOf(Date.parse(text))).toBe(day);
  });

  it('gives every local time the day that it says', () => {
    for (const zone of ['UTC', 'Europe/Prague', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham']) {
      const time = businessTime(zone);
      for (let day = Date.UTC(1990, 0, 1); day < Date.UTC(2030, 0, 1); day += 86_400_000) {
        const text = new Date(day).toISOString().slice(0, 10);
        expect(time.dayOf(time.parse(`${text}T12:00:00`)!)).toBe(text);
      }
    }
  });

  it('must be one that there is', () => {
    expect(() => businessTime('Europe/Nowhere')).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
    expect(() => businessTime('')).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
  });
});
