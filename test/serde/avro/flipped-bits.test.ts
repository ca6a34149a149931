import avsc from 'avsc';
import { describe, expect, it } from 'vitest';
import { topicFormats } from '../../../src/app/formats/topic-formats.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { files, registry, schemas, serdeOf, TRANSACTION } from './topics.ts';

const { decodeValue } = topicFormats({ format: 'avro', registry, schemas });

const FRAME_BYTES = 5;
const SOURCE = { topic: 'transactions', partition: 3, offset: 81_234_567 };
const LEG = { direction: 'credit', amount: '1100.00', currency: 'EUR' };

/** A usual value of some topics. */
const VALUES: readonly (readonly [topic: string, value: unknown, slipsMax: number])[] = [
  ['transactions', TRANSACTION, 0.36],
  [
    'ledger.transactions',
    {
      ...TRANSACTION,
      sequence: 1_234,
      balanceAfter: '98765.43',
      availableAfter: '98765.43',
      isOverdrawn: false,
      postings: [
        { ledgerAccount: 'customer:a-1', ...LEG },
        { ledgerAccount: 'cash:atm', ...LEG, direction: 'debit' },
      ],
      source: SOURCE,
    },
    0.52,
  ],
  [
    'balances',
    {
      accountId: 'a-1',
      sequence: 1_234,
      version: 1_240,
      balances: [{ currency: 'EUR', booked: '98765.43', held: '50.00', available: '98715.43' }],
      occurredAt: '2026-01-31T12:00:00.000Z',
    },
    0.38,
  ],
  ['atm.timers', { at: 1_769_860_800_000 }, 0.86],
];

/** Every single bit of the value flipped, one at a time. */
function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = FRAME_BYTES; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = new Uint8Array(bytes);
      damaged[at]! ^= 1 << bit;
      yield damaged;
    }
  }
}

function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof HeadraceError ? error.code !== 'DESERIALIZATION_FAILED' : false;
  }
}

/**
 * Avro has no checksum: a flipped bit within a text or an amount is another text or amount, and nothing tells it. What can
 * be told is told, and the log's own checksums are there for the rest. schemas/README.md tells the shares.
 */
describe.each(VALUES)('one flipped bit in a value of %s', (topic, value, slipsMax) => {
  const serde = serdeOf(topic);
  const bytes = serde.serialize(value);
  const all = [...flips(bytes)];
  it('slips through no more often than measured, and never breaks anything else', () => {
    const slipped = all.filter((damaged) => isRead(() => decodeValue(topic, damaged)));
    const share = Number((slipped.length / all.length).toFixed(3));
    if (process.env.HEADRACE_PRINT === '1') console.log(`${topic}: ${share} of ${all.length} slip`);
    expect(share).toBeLessThanOrEqual(slipsMax);
    // What slips through is a value of the schema all the same: it can be written again.
    for (const damaged of slipped) expect(() => serde.serialize(decodeValue(topic, damaged))).not.toThrow();
  });
});

// Values without lists: avsc takes the length of a list as it comes, and one flipped bit in it uses up the process's memory.
it.each(['transactions', 'atm.timers'])(
  'a flipped bit in a value of %s is caught by more than the decoder',
  (topic) => {
    const serde = serdeOf(topic);
    const plain = avsc.Type.forSchema(files.current.get(topic) as avsc.Schema);
    const all = [...flips(serde.serialize(VALUES.find(([each]) => each === topic)![1]))];
    const count = (read: (damaged: Uint8Array) => unknown) =>
      all.filter((damaged) => isRead(() => read(damaged))).length;
    const decoded = count((damaged) => plain.fromBuffer(Buffer.from(damaged.subarray(FRAME_BYTES))));
    expect(count((damaged) => decodeValue(topic, damaged))).toBeLessThan(decoded);
  },
);
