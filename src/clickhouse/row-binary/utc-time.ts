const DAY_MS = 86_400_000;
const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const [MINUS, T, COLON, POINT, Z, ZERO] = [45, 84, 58, 46, 90, 48];

/**
 * Milliseconds since 1970 of `YYYY-MM-DDTHH:MM:SS.mmmZ`, as Headrace itself writes times; NaN for every other text, and for
 * days and times that there are not. It takes a tenth of the time of a pattern and Date.parse.
 */
export function utcTimeMs(text: string): number {
  if (text.length !== 24) return Number.NaN;
  const at = (index: number, code: number | undefined) => text.charCodeAt(index) === code;
  if (!at(10, T) || !at(13, COLON) || !at(16, COLON) || !at(19, POINT) || !at(23, Z)) return Number.NaN;
  const [hours, minutes, seconds] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)];
  if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN;
  return dayMs(text) + hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + digits(text, 20, 3);
}

/** Milliseconds since 1970 of the day `YYYY-MM-DD` with which a text begins; NaN where it does not, or the day is none. */
export function dayMs(text: string): number {
  if (text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS) return Number.NaN;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : DAYS_OF_MONTHS[month - 1];
  if (days === undefined || !(day >= 1 && day <= days)) return Number.NaN;
  // Years that begin in March put the odd day at their end; 719,468 days lie between the first of them and 1970.
  const shifted = month > 2 ? year : year - 1;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const ofEra =
    shifted * 365 + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400) + ofYear;
  return (ofEra - 719_468) * DAY_MS;
}

/** NaN where one of them is no digit. */
function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - ZERO!;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
