/**
 * Card numbers never come in (design D15). What looks like a primary account number (PAN: 13 to 19 digits, a plausible
 * first digit, Luhn's check digit of ISO/IEC 7812-1), track data (ISO/IEC 7813) or a CVV or PIN with its name before it
 * is found in any text: prose, JSON, CSV, or bytes decoded as Latin-1.
 */

const PAN_DIGITS_MIN = 13;
const PAN_DIGITS_MAX = 19;
const DIGITS_KEPT = 4;

/** What may stand once between two groups of digits: a space or a dash, also the typographic ones. */
const SEPARATOR = /[ \u00a0\u2009\u202f\u2010-\u2015-]/;
const DIGITS = /\d+/g;
/** Text that matches nothing here holds nothing to mask; nearly all text ends at this test. */
const SUSPECT = /\d(?:[ \u00a0\u2009\u202f\u2010-\u2015-]?\d){11}|(?:cvv|cvc|pin)2?\\*["']?\s*[:=]/i;

/** Groupings under which cards are printed; a part of a longer row of groups must look like one of them. */
const PRINTED_GROUPS: ReadonlySet<string> = new Set(['4-4-4-4', '4-4-4-4-3', '4-6-5', '4-6-4', '4-3-3-3', '4-4-4-1']);

const TRACK_1 = /%[A-Z]\d{12,19}\^[^^?"\\\r\n]{0,60}\^[^?"\\\r\n]{0,120}\??/gi;
const TRACK_2 = /;\d{12,19}=[^?"\\\s]{0,60}\??/g;
/** The name, what stands between, and 3 to 6 digits; also as JSON, and as JSON inside a JSON string. */
const NAMED_SECRET = /((?<![A-Za-z])(?:cvv|cvc|pin)2?\\*["']?\s{0,8}[:=]\s{0,8}\\*["']?)(\d{3,6})(?!\d)/gi;

/**
 * The text with every card number masked by stars, its last four digits kept; tracks, CVVs and PINs masked whole. The
 * length stays, so that JSON stays JSON (except where a bare JSON number is masked).
 */
export function maskCardNumbers(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return maskNumbers(
    text
      .replace(TRACK_1, (track) => '*'.repeat(track.length))
      .replace(TRACK_2, (track) => '*'.repeat(track.length))
      .replace(NAMED_SECRET, (_all, name: string, digits: string) => name + '*'.repeat(digits.length)),
  );
}

/** Whether {@link maskCardNumbers} would change the text. */
export function containsCardNumber(text: string): boolean {
  return maskCardNumbers(text) !== text;
}

interface Group {
  readonly start: number;
  readonly end: number;
}

function maskNumbers(text: string): string {
  const spans = rowsOfGroups(text).flatMap((row) => cardsIn(text, row));
  if (spans.length === 0) return text;
  let masked = '';
  let at = 0;
  for (const { start, end } of spans) {
    masked += text.slice(at, start) + stars(text.slice(start, end));
    at = end;
  }
  return masked + text.slice(at);
}

/** Groups of digits that follow each other with one separator between them. */
function rowsOfGroups(text: string): readonly (readonly Group[])[] {
  const rows: Group[][] = [];
  let row: Group[] = [];
  for (const { index, 0: digits } of text.matchAll(DIGITS)) {
    const last = row.at(-1);
    if (last !== undefined && !(index === last.end + 1 && SEPARATOR.test(text[last.end]!))) {
      rows.push(row);
      row = [];
    }
    row.push({ start: index, end: index + digits.length });
  }
  rows.push(row);
  return rows;
}

function cardsIn(text: string, row: readonly Group[]): readonly Group[] {
  const cards: Group[] = [];
  for (let first = 0; first < row.length; first++) {
    const last = lastGroupOfCard(text, row, first);
    if (last === undefined) continue;
    cards.push({ start: row[first]!.start, end: row[last]!.end });
    first = last;
  }
  return cards;
}

/** The last group of the longest card number that begins with group `first`. */
function lastGroupOfCard(text: string, row: readonly Group[], first: number): number | undefined {
  let digits = '';
  let grouping = '';
  let found: number | undefined;
  for (let last = first; last < row.length; last++) {
    const { start, end } = row[last]!;
    if (digits.length + end - start > PAN_DIGITS_MAX) break;
    digits += text.slice(start, end);
    grouping += last === first ? String(end - start) : `-${end - start}`;
    const isAlone = first === last || (first === 0 && last === row.length - 1);
    if (!isAlone && !PRINTED_GROUPS.has(grouping)) continue;
    if (isCardNumber(digits) && !isIban(text, row[first]!.start, digits)) found = last;
  }
  return found;
}

function isCardNumber(digits: string): boolean {
  return digits.length >= PAN_DIGITS_MIN && digits.length <= PAN_DIGITS_MAX && isIssued(digits) && passesLuhn(digits);
}

/** Ranges in which cards are issued: Mastercard 2221 to 2720, 30 and 34 to 39, and all of 4, 5 and 6. */
function isIssued(digits: string): boolean {
  const first = Number(digits[0]);
  if (first >= 4 && first <= 6) return true;
  if (first === 3) return /^3[04-9]/.test(digits);
  const four = Number(digits.slice(0, 4));
  return four >= 2221 && four <= 2720;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** An IBAN (ISO 13616) of digits only, as Belgium's and Denmark's, with right check digits is no card number. */
function isIban(text: string, start: number, digits: string): boolean {
  const country = text.slice(Math.max(0, start - 2), start);
  if (!/^[A-Z]{2}$/.test(country) || /[A-Za-z0-9]/.test(text[start - 3] ?? '')) return false;
  const letters = [...country].map((letter) => String(letter.charCodeAt(0) - 55)).join('');
  return BigInt(digits.slice(2) + letters + digits.slice(0, 2)) % 97n === 1n;
}

function stars(number: string): string {
  let digitsLeft = number.replace(/\D/g, '').length;
  return number.replace(/\d/g, (digit) => (digitsLeft-- > DIGITS_KEPT ? '*' : digit));
}
