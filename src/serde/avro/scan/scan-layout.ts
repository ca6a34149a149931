import { CURRENCY_FIELD, DIGITS_MAX } from '../amounts.ts';
import { symbolText, textLengthMax } from '../logical-types.ts';
import { type AvroType, optionalOf, type PrimitiveType, type RecordType } from '../schema.ts';

/** Items of a list that a scan has room for; a value with more is read the general way. */
export const ITEMS_MAX = 16;

/** Letters of ISO 4217's codes. */
export const CURRENCY_LETTERS = 3;
/** More decimals no currency has, so that a decimal of this scale has all of any. */
const CURRENCY_DECIMALS_MAX = 4;
/** Digits that every decimal which a scan takes has room in: it takes 48 bits. */
const SCANNED_DIGITS = 15;

export type ScanKind =
  | 'text'
  | 'optional text'
  | 'currency'
  | 'symbol'
  | 'long'
  | 'int'
  | 'boolean'
  | 'moment'
  | 'day'
  | 'minor units'
  | 'decimal'
  | 'list';

/** Where a scan leaves a field of the value. */
export interface ScanSlot {
  readonly kind: ScanKind;
  /** Of the first item, for a field within a list; those of the next are `list.stride` further each. */
  readonly index: number;
  readonly list: ScanSlot | undefined;
  /** Slots of an item of a list, which begin right behind the list's own; 0 for what is none. */
  readonly stride: number;
  /** The slot of the currency that an amount is in; of the same item. */
  readonly currency: number;
  /** The least number, or the most characters of a text. */
  readonly limit: number;
  readonly symbols: readonly string[];
  /** Decimals of a `decimal`'s unit. */
  readonly scale: number;
  /** The branch that is null, of what is optional. */
  readonly nullBranch: number;
}

/** One step of a scan for each field that is written, in the order of the bytes. */
export interface ScanStep {
  readonly slot: ScanSlot;
  /** Of an item, where the field is a list. */
  readonly items: readonly ScanStep[];
}

/** How values of a schema are scanned. */
export interface ScanLayout {
  readonly steps: readonly ScanStep[];
  /** By path: names joined by points, `[]` behind that of a list (`source.offset`, `balances[].held`). */
  readonly slots: ReadonlyMap<string, ScanSlot>;
  readonly slotCount: number;
}

/**
 * The layout of a schema; undefined for one with a type that a scan does not know: a list within a list, a map, a union but
 * that of null and a text, numbers with a point, bytes that are no decimal, a decimal with too little room for what a scan takes
 * of it or for a currency's decimals, a text that has a form, an amount whose currency stands in another record.
 */
export function scanLayout(schema: AvroType): ScanLayout | undefined {
  if (schema.kind !== 'record') return undefined;
  const compiler = new Compiler();
  const steps = compiler.record(schema, '', undefined);
  return compiler.isKnown ? { steps, slots: compiler.slots, slotCount: compiler.slotCount } : undefined;
}

class Compiler {
  readonly slots = new Map<string, ScanSlot>();
  slotCount = 0;
  isKnown = true;
  readonly #within = new Set<AvroType>();

  record(type: RecordType, prefix: string, list: ScanSlot | undefined): readonly ScanStep[] {
    if (this.#within.has(type)) return this.#unknown();
    this.#within.add(type);
    const first = this.slotCount;
    const currencyAt = type.fields.findIndex(({ name }) => name === CURRENCY_FIELD);
    // Nested fields take slots too, so a currency behind one would have another number.
    const flat = type.fields
      .slice(0, currencyAt)
      .every((field) => field.type.kind !== 'record' && field.type.kind !== 'array');
    const currency = currencyAt >= 0 && flat ? first + currencyAt : -1;
    const steps = type.fields.flatMap(({ name, type: inner }) =>
      this.#field(inner, `${prefix}${name}`, { list, currency }),
    );
    this.#within.delete(type);
    if (currency >= 0 && this.slots.get(`${prefix}${CURRENCY_FIELD}`)?.kind !== 'currency') return this.#unknown();
    return steps;
  }

  #field(type: AvroType, path: string, of: Surroundings): readonly ScanStep[] {
    if (type.kind === 'record') return this.record(type, `${path}.`, of.list);
    if (type.kind === 'array')
      return type.items.kind === 'record' && !of.list ? [this.#list(type.items, path, of)] : this.#unknown();
    if (type.kind === 'union') {
      const text = optionalOf(type);
      if (text?.kind !== 'string' || text.logicalType !== undefined) return this.#unknown();
      const nullBranch = type.branches.findIndex(({ kind }) => kind === 'null');
      return [this.#slot(path, of, { kind: 'optional text', limit: textLengthMax(text), nullBranch })];
    }
    if (type.kind === 'enum') {
      const symbols = type.symbols.map((symbol) => symbolText(type, symbol));
      return [this.#slot(path, of, { kind: 'symbol', symbols })];
    }
    if (type.kind === 'map' || type.kind === 'fixed') return this.#unknown();
    const kind = primitiveKind(type);
    if (kind === undefined) return this.#unknown();
    const isAmount = kind === 'minor units' || kind === 'decimal';
    if (isAmount && of.currency < 0) return this.#unknown();
    if (kind === 'currency' && this.slotCount !== of.currency) return this.#unknown();
    const limit = kind === 'text' ? textLengthMax(type) : (type.minimum ?? Number.NEGATIVE_INFINITY);
    return [this.#slot(path, of, { kind, limit, scale: type.scale ?? 0 })];
  }

  #list(items: RecordType, path: string, of: Surroundings): ScanStep {
    const index = this.slotCount++;
    const list = { ...DEFAULTS, kind: 'list' as const, index, list: undefined, currency: of.currency };
    this.slots.set(path, list);
    const steps = this.record(items, `${path}[].`, list);
    list.stride = this.slotCount - index - 1;
    this.slotCount = index + 1 + ITEMS_MAX * list.stride;
    return { slot: list, items: steps };
  }

  #slot(path: string, { list, currency }: Surroundings, parts: Partial<ScanSlot> & Pick<ScanSlot, 'kind'>): ScanStep {
    const slot = { ...DEFAULTS, list, currency, ...parts, index: this.slotCount++ };
    this.slots.set(path, slot);
    return { slot, items: [] };
  }

  #unknown(): readonly ScanStep[] {
    this.isKnown = false;
    return [];
  }
}

/** What a field stands in. */
interface Surroundings {
  readonly list: ScanSlot | undefined;
  /** Slot of its record's currency; -1 where there is none. */
  readonly currency: number;
}

const DEFAULTS = { limit: Number.NEGATIVE_INFINITY, symbols: [], scale: 0, nullBranch: -1, stride: 0 };

function primitiveKind(type: PrimitiveType): ScanKind | undefined {
  const { kind, logicalType } = type;
  switch (`${kind} ${logicalType ?? ''}`.trim()) {
    case 'string':
      return 'text';
    case 'string iso-4217':
      return textLengthMax(type) >= CURRENCY_LETTERS ? 'currency' : undefined;
    case 'boolean':
      return 'boolean';
    case 'int':
      return 'int';
    case 'int date':
      return 'day';
    case 'long':
      return 'long';
    case 'long timestamp-millis':
      return 'moment';
    case 'long minor-units':
      return 'minor units';
    case 'bytes decimal':
      return isUsualDecimal(type) ? 'decimal' : undefined;
    default:
      return undefined;
  }
}

/** Whether any currency's amount has room in it, and every number that a scan takes. */
function isUsualDecimal({ scale = 0, precision = DIGITS_MAX }: PrimitiveType): boolean {
  const isScale = scale >= CURRENCY_DECIMALS_MAX && scale <= DIGITS_MAX;
  return isScale && precision >= SCANNED_DIGITS && precision <= DIGITS_MAX;
}
