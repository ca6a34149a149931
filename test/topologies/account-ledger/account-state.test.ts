import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINOR_UNITS_MAX } from '../../../src/serde/money.ts';
import { type AccountState, accountStateSerde, NEW_ACCOUNT } from '../../../topologies/account-ledger/account-state.ts';

const unreadable = expect.objectContaining({ code: 'DESERIALIZATION_FAILED' });
const account: AccountState = {
  sequence: 258,
  version: 259,
  balances: new Map([
    ['EUR', { booked: -2n, held: 3n }],
    ['JPY', { booked: MINOR_UNITS_MAX, held: 0n }],
  ]),
};

/** The state's bytes with other ones from a position on. */
function changed(at: number, bytes: readonly number[] | Uint8Array): Uint8Array {
  const copy = Uint8Array.from(accountStateSerde.serialize(account));
  copy.set(bytes, at);
  return copy;
}

describe('the state of an account', () => {
  it('has a fixed form, which data directories hold', () => {
    expect(Buffer.from(accountStateSerde.serialize(account)).toString('hex')).toBe(
      `02${'4070200000000000'}${'4070300000000000'}` +
        `455552${'fffffffffffffffe'}${'0000000000000003'}` +
        `4a5059${'7fffffffffffffff'}${'0000000000000000'}`,
    );
    expect(accountStateSerde.deserialize(accountStateSerde.serialize(NEW_ACCOUNT))).toEqual(NEW_ACCOUNT);
  });

  it('reads what was written before there were holds', () => {
    const bytes = Buffer.from('01407020000000000045555200000000000000020000000000000000', 'hex');
    const balances = new Map([['EUR', { booked: 2n, held: 0n }]]);
    expect(accountStateSerde.deserialize(bytes)).toEqual({ sequence: 258, version: 258, balances });
  });

  it('comes back exactly, also out of the middle of a buffer', () => {
    const booked = fc.bigInt({ min: -MINOR_UNITS_MAX, max: MINOR_UNITS_MAX });
    const balance = fc.record({ booked, held: fc.bigInt({ min: 0n, max: MINOR_UNITS_MAX }) });
    const balances = fc.uniqueArray(fc.tuple(fc.constantFrom('EUR', 'USD', 'JPY', 'CLF', 'BHD'), balance), {
      selector: ([currency]) => currency,
    });
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), balances, (sequence, entries) => {
        const state = { sequence, version: sequence, balances: new Map(entries) };
        const bytes = Buffer.concat([Buffer.alloc(5), accountStateSerde.serialize(state), Buffer.alloc(2)]);
        expect(accountStateSerde.deserialize(bytes.subarray(5, -2))).toEqual(state);
      }),
    );
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a newer format', changed(0, [3])],
    ['an end cut off', accountStateSerde.serialize(account).subarray(0, -1)],
    ['a byte too many', Buffer.concat([accountStateSerde.serialize(account), Buffer.alloc(1)])],
    ['a sequence that is not whole', changed(1, Buffer.from('4070280000000001', 'hex'))],
    ['a sequence below zero', changed(1, [0xc0])],
    ['a sequence beyond 2^53', changed(1, [0x7f])],
    ['a version before the sequence', changed(9, Buffer.from('4070100000000000', 'hex'))],
    ['a currency that there is none of', changed(17, Buffer.from('EUX'))],
    ['a currency twice', changed(36, Buffer.from('EUR'))],
    ['less than an Int64 amount', changed(20, Buffer.from('8000000000000000', 'hex'))],
    ['a hold below zero', changed(28, [0xff])],
  ])('refuses %s', (_what, bytes) => {
    expect(() => accountStateSerde.deserialize(bytes)).toThrow(unreadable);
  });
});
