import { currencyExponent, HeadraceError, MINOR_UNITS_MAX, type Serde } from 'headrace';

export interface BalanceState {
  readonly booked: bigint;
  /** Reserved by holds: part of what is booked that is not available. */
  readonly held: bigint;
}

/** What the ledger remembers of an account. */
export interface AccountState {
  /** Of the last accepted transaction; they count up from 1 without a gap. */
  readonly sequence: number;
  /** Of every change of a balance, by a transaction or a hold: what tells an older balance from a newer one. */
  readonly version: number;
  readonly balances: ReadonlyMap<string, BalanceState>;
}

export const NEW_ACCOUNT: AccountState = { sequence: 0, version: 0, balances: new Map() };

const FORMAT = 2;
const HEADER_BYTES = 17;
/** Without the version: before there were holds, every change was a transaction. */
const FORMAT_1 = 1;
const HEADER_BYTES_1 = 9;
const CURRENCY_BYTES = 3;
const BALANCE_BYTES = CURRENCY_BYTES + 16;

/** Room for more currencies than nearly any account has. A view over each array of its own would move that out of V8's heap. */
const SCRATCH_BYTES = HEADER_BYTES + 16 * BALANCE_BYTES;
const scratch = new DataView(new ArrayBuffer(SCRATCH_BYTES));
const scratchBytes = new Uint8Array(scratch.buffer);

/**
 * A format byte, sequence and version as float64, then for each currency its code and two int64; everything big-endian. Throws
 * DESERIALIZATION_FAILED for bytes of another format and for what no account can have come to (design D12), which is how
 * most damage to the sequence or a code shows; a damaged balance within its range does not.
 */
export const accountStateSerde: Serde<AccountState> = {
  serialize({ sequence, version, balances }) {
    const length = HEADER_BYTES + balances.size * BALANCE_BYTES;
    const bytes = length <= SCRATCH_BYTES ? scratchBytes : new Uint8Array(length);
    const view = bytes === scratchBytes ? scratch : new DataView(bytes.buffer);
    view.setUint8(0, FORMAT);
    view.setFloat64(1, sequence);
    view.setFloat64(9, version);
    let at = HEADER_BYTES;
    for (const [currency, { booked, held }] of balances) {
      for (let i = 0; i < CURRENCY_BYTES; i++) view.setUint8(at + i, currency.charCodeAt(i));
      view.setBigInt64(at + CURRENCY_BYTES, booked);
      view.setBigInt64(at + CURRENCY_BYTES + 8, held);
      at += BALANCE_BYTES;
    }
    return bytes.slice(0, length);
  },
  deserialize(bytes) {
    const view = viewOf(bytes);
    const headerBytes = bytes[0] === FORMAT_1 ? HEADER_BYTES_1 : HEADER_BYTES;
    const isKnown = bytes[0] === FORMAT || bytes[0] === FORMAT_1;
    if (!isKnown || bytes.length < headerBytes || (bytes.length - headerBytes) % BALANCE_BYTES !== 0) {
      throw unreadable('it is not in a format that this version reads');
    }
    const sequence = view.getFloat64(1);
    if (!Number.isSafeInteger(sequence) || sequence < 0) throw unreadable(`its sequence is ${sequence}`);
    const version = bytes[0] === FORMAT_1 ? sequence : view.getFloat64(9);
    if (!Number.isSafeInteger(version) || version < sequence) throw unreadable(`its version is ${version}`);
    const balances = new Map<string, BalanceState>();
    for (let at = headerBytes; at < bytes.length; at += BALANCE_BYTES) {
      const currency = String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!);
      const booked = view.getBigInt64(at + CURRENCY_BYTES);
      const held = view.getBigInt64(at + CURRENCY_BYTES + 8);
      if (currencyExponent(currency) === undefined)
        throw unreadable(`it holds ${JSON.stringify(currency)}, which is no currency that this version knows`);
      if (balances.has(currency)) throw unreadable(`it holds ${currency} twice`);
      if (booked < -MINOR_UNITS_MAX || held < 0n) throw unreadable(`its ${currency} balance is out of range`);
      balances.set(currency, { booked, held });
    }
    return { sequence, version, balances };
  },
};

function viewOf(bytes: Uint8Array): DataView {
  if (bytes.length > SCRATCH_BYTES) return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < bytes.length; i++) scratchBytes[i] = bytes[i]!;
  return scratch;
}

function unreadable(reason: string): HeadraceError {
  return new HeadraceError('DESERIALIZATION_FAILED', `The state of an account can't be read: ${reason}`);
}
