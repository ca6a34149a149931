import { HeadraceError, type Serde } from 'headrace';

export interface BalanceState {
  readonly booked: bigint;
  /** Reserved by holds: part of what is booked that is not available. */
  readonly held: bigint;
}

/** What the ledger remembers of an account. */
export interface AccountState {
  /** Of the last accepted transaction; they count up from 1 without a gap. */
  readonly sequence: number;
  readonly balances: ReadonlyMap<string, BalanceState>;
}

export const NEW_ACCOUNT: AccountState = { sequence: 0, balances: new Map() };

const FORMAT = 1;
const HEADER_BYTES = 9;
const CURRENCY_BYTES = 3;
const BALANCE_BYTES = CURRENCY_BYTES + 16;

/** A format byte, the sequence as float64, then for each currency its code and two int64; everything big-endian. */
export const accountStateSerde: Serde<AccountState> = {
  serialize({ sequence, balances }) {
    const bytes = new Uint8Array(HEADER_BYTES + balances.size * BALANCE_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, FORMAT);
    view.setFloat64(1, sequence);
    let at = HEADER_BYTES;
    for (const [currency, { booked, held }] of balances) {
      for (let i = 0; i < CURRENCY_BYTES; i++) view.setUint8(at + i, currency.charCodeAt(i));
      view.setBigInt64(at + CURRENCY_BYTES, booked);
      view.setBigInt64(at + CURRENCY_BYTES + 8, held);
      at += BALANCE_BYTES;
    }
    return bytes;
  },
  deserialize(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (
      bytes.length < HEADER_BYTES ||
      view.getUint8(0) !== FORMAT ||
      (bytes.length - HEADER_BYTES) % BALANCE_BYTES !== 0
    ) {
      throw new HeadraceError(
        'DESERIALIZATION_FAILED',
        'The state of an account is not in the format that this version reads',
      );
    }
    const balances = new Map<string, BalanceState>();
    for (let at = HEADER_BYTES; at < bytes.length; at += BALANCE_BYTES) {
      const currency = String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!);
      balances.set(currency, {
        booked: view.getBigInt64(at + CURRENCY_BYTES),
        held: view.getBigInt64(at + CURRENCY_BYTES + 8),
      });
    }
    return { sequence: view.getFloat64(1), balances };
  },
};
