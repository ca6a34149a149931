import { isUtf8 } from 'node:buffer';
import { containsCardNumber } from '../../../privacy/card-numbers.ts';

/** Levels of arrays and objects in one text. */
export const JSON_DEPTH_MAX = 64;

/** Why a text is refused. Never a piece of the text: it may hold a card number. */
export interface JsonRefusal {
  readonly code: JsonRefusalCode;
  readonly detail: string;
}

export type JsonRefusalCode =
  | 'JSON_INVALID'
  | 'JSON_NOT_UTF8'
  | 'JSON_TOO_DEEP'
  | 'JSON_DUPLICATE_KEY'
  | 'JSON_LONE_SURROGATE'
  | 'JSON_NUMBER_UNREADABLE'
  | 'CARD_NUMBER';

export type ParsedJson = { readonly value: unknown } | { readonly refusal: JsonRefusal };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NAME_END = /[ \t\r\n]*:/y;
/** Digits from which on a number can be one of a card. */
const CARD_DIGITS_MIN = 13;

/**
 * JSON as RFC 8259 has it, without what two readers may understand differently (RFC 7493): the bytes must be UTF-8 without
 * a byte order mark, no object may have a name twice, no text half of a surrogate pair, no number may be beyond a double,
 * and at most 64 levels lie within each other. Works without recursion, so that no depth overflows the stack.
 *
 * Numbers that a double can't hold exactly lose digits, as with JSON.parse: the ledger takes no number where digits
 * matter. What looks like a card number among them is refused here, for afterwards it would not be known as one.
 */
export function parseStrictJson(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) return refused('JSON_NOT_UTF8', 'The body is not valid UTF-8');
  const text = bytes.toString('utf8');
  const refusal = scan(text);
  if (refusal !== undefined) return { refusal };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // The parser's message shows a piece of the text.
    return refused('JSON_INVALID', 'The body is not valid JSON');
  }
}

/** Looks at depth, names, texts and numbers of a text whose grammar is not known yet; JSON.parse judges that afterwards. */
function scan(text: string): JsonRefusal | undefined {
  /** The names of each object that is open; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  // Looked for once and not for every text: that would be quadratic in a body without any.
  let backslash = placeOf(text, 0);
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfText(text, at);
      if (end === -1) return invalid();
      if (backslash < at) backslash = placeOf(text, at);
      const refusal = checkText(text, at, end, backslash < end, open.at(-1));
      if (refusal !== undefined) return refusal;
      at = end;
    } else if (code === 0x7b || code === 0x5b) {
      if (open.length >= JSON_DEPTH_MAX)
        return { code: 'JSON_TOO_DEEP', detail: `The body is nested deeper than ${JSON_DEPTH_MAX} levels` };
      open.push(code === 0x7b ? new Set() : undefined);
      at++;
    } else if (code === 0x7d || code === 0x5d) {
      if (open.length === 0) return invalid();
      open.pop();
      at++;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      NUMBER.lastIndex = at;
      const token = NUMBER.exec(text)?.[0];
      if (token === undefined) return invalid();
      const refusal = checkNumber(token);
      if (refusal !== undefined) return refusal;
      at += token.length;
    } else at++;
  }
  return undefined;
}

/** The place behind the closing quote, or -1. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return -1;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH && quote - 1 - backslashes > start) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** The next backslash, or beyond the end. */
function placeOf(text: string, from: number): number {
  const at = text.indexOf('\\', from);
  return at === -1 ? text.length : at;
}

function checkText(
  text: string,
  start: number,
  end: number,
  hasEscapes: boolean,
  names: Set<string> | undefined,
): JsonRefusal | undefined {
  NAME_END.lastIndex = end;
  const isName = names !== undefined && NAME_END.test(text);
  if (!hasEscapes && !isName) return undefined;
  let content = text.slice(start + 1, end - 1);
  if (hasEscapes) {
    try {
      content = JSON.parse(text.slice(start, end)) as string;
    } catch {
      return invalid();
    }
    // Valid UTF-8 has no surrogates: only an escape can make half of a pair.
    if (/\p{Surrogate}/u.test(content))
      return { code: 'JSON_LONE_SURROGATE', detail: 'A text in the body holds half of a surrogate pair' };
  }
  if (!isName) return undefined;
  if (names.has(content))
    return { code: 'JSON_DUPLICATE_KEY', detail: 'An object in the body has the same name twice' };
  names.add(content);
  return undefined;
}

function checkNumber(token: string): JsonRefusal | undefined {
  const value = Number(token);
  if (!Number.isFinite(value))
    return { code: 'JSON_NUMBER_UNREADABLE', detail: 'A number in the body is beyond what a double can hold' };
  if (token.length < CARD_DIGITS_MIN || Number.isSafeInteger(value)) return undefined;
  return containsCardNumber(token)
    ? { code: 'CARD_NUMBER', detail: 'A number in the body looks like a card number; card numbers must not come in' }
    : undefined;
}

function invalid(): JsonRefusal {
  return { code: 'JSON_INVALID', detail: 'The body is not valid JSON' };
}

function refused(code: JsonRefusalCode, detail: string): ParsedJson {
  return { refusal: { code, detail } };
}
