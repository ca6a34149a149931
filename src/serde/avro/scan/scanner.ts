import { isUtf8 } from 'node:buffer';
import { currencyExponent, POWERS_OF_TEN } from '../../currency.ts';
import { EARLIEST_MS, LATEST_MS } from '../logical-types.ts';
import {
  CURRENCY_LETTERS,
  ITEMS_MAX,
  type ScanKind,
  type ScanLayout,
  type ScanSlot,
  type ScanStep,
} from './scan-layout.ts';

const DAY_MS = 86_400_000;
const EARLIEST_DAY = EARLIEST_MS / DAY_MS;
const LATEST_DAY = Math.floor(LATEST_MS / DAY_MS);
/** Bytes of a varint that a double adds up exactly: 49 bits. */
const VARINT_BYTES_MAX = 7;
/** Bytes of a decimal that a double holds with what it is multiplied by on the way. */
const DECIMAL_BYTES_MAX = 6;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

/** The steps as arrays of numbers, over which one loop goes: a function for each field costs three times as much. */
interface Program {
  readonly kinds: Uint8Array;
  readonly slots: Int32Array;
  readonly limits: Float64Array;
  /** By step: branch that is null, number of symbols, slots of an item. */
  readonly extra: Int32Array;
  readonly items: readonly (Program | undefined)[];
  /** Whose digits are looked at when the currency is known, which may stand behind them. */
  readonly decimals: readonly ScanSlot[];
}

const KINDS = [
  'text',
  'optional text',
  'currency',
  'symbol',
  'long',
  'int',
  'boolean',
  'moment',
  'day',
  'minor units',
  'decimal',
  'list',
] as const satisfies readonly ScanKind[];
const [TEXT, OPTIONAL_TEXT, CURRENCY, SYMBOL, LONG, INT, BOOLEAN, MOMENT, DAY, MINOR_UNITS, DECIMAL, LIST] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
] as const;

/**
 * Finds the fields of a value in its bytes and makes nothing of them: where its texts lie and what its numbers are. A value that
 * is not what its schema says is never taken; nor is one that is unusual, such as a number beyond 48 bits. Both are for the
 * general reader, which tells one from the other and says what is wrong.
 */
export class Scanner {
  /** By slot: a number; 1 for true; a symbol's place; a currency's decimals; a list's items. */
  readonly numbers: Float64Array;
  /** By slot, of a text: where it begins in `bytes`; -1 where an optional one is absent. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** What was scanned last. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Of the same bytes. */
  view: DataView = new DataView(new ArrayBuffer(0));
  readonly #program: Program;
  #at = 0;
  #end = 0;

  constructor({ steps, slotCount }: ScanLayout) {
    this.#program = programOf(steps);
    this.numbers = new Float64Array(slotCount);
    this.starts = new Int32Array(slotCount);
    this.ends = new Int32Array(slotCount);
  }

  /** Whether the value that lies there was taken. */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = start;
    this.#end = end;
    return this.#run(this.#program, 0) && this.#at === end;
  }

  #run({ kinds, slots, limits, extra, items, decimals }: Program, shift: number): boolean {
    const { numbers } = this;
    for (let i = 0; i < kinds.length; i++) {
      const slot = slots[i]! + shift;
      switch (kinds[i]) {
        case TEXT:
          if (!this.#text(slot, limits[i]!)) return false;
          break;
        case OPTIONAL_TEXT: {
          const branch = this.#varint();
          if (branch !== 0 && branch !== 1) return false;
          if (branch === extra[i]) this.starts[slot] = -1;
          else if (!this.#text(slot, limits[i]!)) return false;
          break;
        }
        case CURRENCY:
          if (!this.#currency(slot)) return false;
          break;
        case SYMBOL:
          numbers[slot] = this.#varint();
          if (!(numbers[slot]! >= 0 && numbers[slot]! < extra[i]!)) return false;
          break;
        case LONG:
        case MINOR_UNITS:
          numbers[slot] = this.#varint();
          if (!(numbers[slot]! >= limits[i]!)) return false;
          break;
        case INT:
          numbers[slot] = this.#varint();
          if (!(numbers[slot]! >= Math.max(INT_MIN, limits[i]!) && numbers[slot]! <= INT_MAX)) return false;
          break;
        case BOOLEAN:
          numbers[slot] = this.bytes[this.#at++]!;
          if (numbers[slot] !== 0 && numbers[slot] !== 1) return false;
          break;
        case MOMENT:
          numbers[slot] = this.#varint();
          if (!(numbers[slot]! >= EARLIEST_MS && numbers[slot]! <= LATEST_MS)) return false;
          break;
        case DAY:
          numbers[slot] = this.#varint();
          if (!(numbers[slot]! >= EARLIEST_DAY && numbers[slot]! <= LATEST_DAY)) return false;
          break;
        case DECIMAL:
          if (!this.#decimal(slot, limits[i]!)) return false;
          break;
        case LIST:
          if (!this.#list(slot, extra[i]!, items[i]!)) return false;
          break;
        default:
          return false;
      }
    }
    return this.#at <= this.#end && (decimals.length === 0 || this.#haveNoDigitsBelow(decimals, shift));
  }

  /** Whether none of them has a digit below its currency's decimals: such an amount can't be written out. */
  #haveNoDigitsBelow(decimals: readonly ScanSlot[], shift: number): boolean {
    const { numbers } = this;
    for (const { index, currency, scale } of decimals)
      if (numbers[index + shift]! % POWERS_OF_TEN[scale - numbers[currency + shift]!]! !== 0) return false;
    return true;
  }

  /** A zigzag number of at most 48 bits; NaN for a longer one and beyond the end of the bytes. */
  #varint(): number {
    const { bytes } = this;
    let at = this.#at;
    const first = bytes[at++]!;
    if (first < 0x80) {
      this.#at = at;
      return (first >>> 1) ^ -(first & 1);
    }
    let value = first & 0x7f;
    let factor = 0x80;
    for (let count = 1; count < VARINT_BYTES_MAX; count++) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.#at = at;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      factor *= 0x80;
    }
    return Number.NaN;
  }

  /** As many bytes as characters may be: one that is longer in bytes alone is left to the general reader. */
  #text(slot: number, lengthMax: number): boolean {
    const length = this.#varint();
    const start = this.#at;
    const end = start + length;
    if (!(length >= 0 && length <= lengthMax && end <= this.#end)) return false;
    this.starts[slot] = start;
    this.ends[slot] = end;
    this.#at = end;
    return isAscii(this.view, start, end) || isUtf8(this.bytes.subarray(start, end));
  }

  #currency(slot: number): boolean {
    const length = this.#varint();
    const start = this.#at;
    if (length !== CURRENCY_LETTERS || start + CURRENCY_LETTERS > this.#end) return false;
    const { bytes } = this;
    const decimals = DECIMALS[letters(bytes[start]!, bytes[start + 1]!, bytes[start + 2]!)]!;
    this.numbers[slot] = decimals;
    this.starts[slot] = start;
    this.ends[slot] = start + CURRENCY_LETTERS;
    this.#at = start + CURRENCY_LETTERS;
    return decimals >= 0;
  }

  /** Two's complement, big-endian. */
  #decimal(slot: number, least: number): boolean {
    const length = this.#varint();
    const start = this.#at;
    if (!(length > 0 && length <= DECIMAL_BYTES_MAX && start + length <= this.#end)) return false;
    const { bytes } = this;
    let value = bytes[start]! < 0x80 ? bytes[start]! : bytes[start]! - 0x100;
    for (let at = start + 1; at < start + length; at++) value = value * 0x100 + bytes[at]!;
    this.numbers[slot] = value;
    this.#at = start + length;
    return value >= least;
  }

  #list(slot: number, stride: number, program: Program): boolean {
    let items = 0;
    for (let count = this.#varint(); count !== 0; count = this.#varint()) {
      // A negative number comes with a length, which is written by nobody of ours.
      if (!(count > 0 && items + count <= ITEMS_MAX)) return false;
      for (let i = 0; i < count; i++, items++) if (!this.#run(program, items * stride)) return false;
    }
    this.numbers[slot] = items;
    return true;
  }
}

const WORD_BYTES = 4;
/** The bit of each byte of a word that ASCII leaves free. */
const NOT_ASCII = 0x80808080;

/** Four bytes at a time: most of what is scanned is text. */
function isAscii(view: DataView, start: number, end: number): boolean {
  let seen = 0;
  let at = start;
  for (; at + WORD_BYTES <= end; at += WORD_BYTES) seen |= view.getInt32(at, true);
  for (; at < end; at++) seen |= view.getUint8(at);
  return (seen & NOT_ASCII) === 0;
}

function programOf(steps: readonly ScanStep[]): Program {
  return {
    kinds: Uint8Array.from(steps, ({ slot }) => KINDS.indexOf(slot.kind)),
    slots: Int32Array.from(steps, ({ slot }) => slot.index),
    limits: Float64Array.from(steps, ({ slot }) => slot.limit),
    extra: Int32Array.from(steps, ({ slot }) => {
      if (slot.kind === 'list') return slot.stride;
      return slot.kind === 'symbol' ? slot.symbols.length : slot.nullBranch;
    }),
    items: steps.map(({ slot, items }) => (slot.kind === 'list' ? programOf(items) : undefined)),
    decimals: steps.flatMap(({ slot }) => (slot.kind === 'decimal' ? [slot] : [])),
  };
}

const LETTERS = 26;
const A = 65;

/** By three capital letters; -1 for what is no currency. */
const DECIMALS = Int8Array.from({ length: LETTERS ** CURRENCY_LETTERS + 1 }, (_, at) => {
  const code = String.fromCharCode(
    A + Math.floor(at / LETTERS ** 2),
    A + (Math.floor(at / LETTERS) % LETTERS),
    A + (at % LETTERS),
  );
  return at === LETTERS ** CURRENCY_LETTERS ? -1 : (currencyExponent(code) ?? -1);
});

/** The place in DECIMALS; its last one for what are no three capital letters. */
function letters(first: number, second: number, third: number): number {
  const [one, two, three] = [first - A, second - A, third - A];
  const areLetters = one >= 0 && one < LETTERS && two >= 0 && two < LETTERS && three >= 0 && three < LETTERS;
  return areLetters ? (one * LETTERS + two) * LETTERS + three : LETTERS ** CURRENCY_LETTERS;
}
