import fc from 'fast-check';
import { jsonSerde } from 'headrace';
import { expect, it } from 'vitest';
import type { Posting } from '../../../topologies/account-ledger/events.ts';
import { legSerde } from '../../../topologies/account-ledger/leg-serde.ts';

const whole = jsonSerde<Posting>();
const pick = ({ transactionId, direction, amount, currency }: Posting) => ({
  transactionId,
  direction,
  amount,
  currency,
});
/** Texts that look like fields of the posting themselves. */
const tricky = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '"amount":"9"',
    '","direction":"debit","amount":"1","currency":"EUR"',
    'a\\',
    '\u2028',
    '"transactionId":"x"',
    'ü',
  ),
);

it('reads the leg as the whole posting has it, whatever its texts hold', () => {
  const posting = fc.record({
    accountId: tricky,
    transactionId: tricky,
    sequence: fc.nat(),
    leg: fc.nat(3),
    ledgerAccount: tricky,
    direction: fc.constantFrom('credit' as const, 'debit' as const),
    amount: tricky,
    currency: tricky,
    occurredAt: tricky,
  });
  const legs = legSerde(whole);
  fc.assert(
    fc.property(posting, fc.boolean(), (each, isOrdered) => {
      const written = isOrdered ? each : (Object.fromEntries(Object.entries(each).reverse()) as unknown as Posting);
      expect(pick(legs.deserialize(whole.serialize(written)) as Posting)).toEqual(pick(each));
    }),
    { numRuns: 1_000 },
  );
});

it('leaves other formats to the serde of the topic', () => {
  const posting = { transactionId: 't', direction: 'credit', amount: '1', currency: 'EUR' } as Posting;
  const other = { name: 'other', serialize: () => Uint8Array.of(0), deserialize: () => posting };
  expect(legSerde(other).deserialize(Uint8Array.of(0))).toBe(posting);
  expect(legSerde(other).name).toBe('other');
});
