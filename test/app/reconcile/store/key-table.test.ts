import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyTable } from '../../../../src/app/reconcile/store/key-table.ts';

const half = fc.integer({ min: 0, max: 0xffff_ffff });
/** Few keys, so that rows meet; some of them fall into the same slot. */
const id = fc.constantFrom(
  ...[0, 1, 4_096, 8_192, 0xffff_ffff].flatMap((low) => [
    { low, high: 0 },
    { low, high: 9 },
  ]),
);

test('the greatest version stays, of equal ones the last, as a map would have it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id, row: fc.record({ low: half, high: half }), version: fc.bigInt(0n, 5n) })),
      (puts) => {
        const table = new KeyTable();
        const model = new Map<string, (typeof puts)[number]>();
        for (const put of puts) {
          table.put(put.id, put.row, put.version, put.row.low, -put.version, 3);
          const known = model.get(JSON.stringify(put.id));
          if (known === undefined || put.version >= known.version) model.set(JSON.stringify(put.id), put);
        }
        expect(table.size).toBe(model.size);
        for (const { id: each, row, version } of model.values()) {
          const entry = table.find(each);
          expect([table.id(entry), table.row(entry), table.version(entry)]).toEqual([each, row, version]);
          expect([table.bucket(entry), table.sum(entry), table.mark(entry)]).toEqual([row.low, -version, 3]);
        }
      },
    ),
  );
});

test('a hundred thousand rows are found again, and no other', () => {
  const table = new KeyTable();
  for (let i = 0; i < 100_000; i++) {
    table.put({ low: (i * 2_654_435_761) >>> 0, high: i }, { low: i, high: 1 }, 0n);
  }
  for (let i = 0; i < 100_000; i++) {
    const entry = table.find({ low: (i * 2_654_435_761) >>> 0, high: i });
    expect(table.row(entry).low === i && !table.isSeen(entry)).toBe(true);
    if (i % 2 === 0) table.setSeen(entry);
    table.setMark(entry, i % 3);
  }
  expect(table.find({ low: 1, high: 0 })).toBe(-1);
  expect([...table.entries()].filter((entry) => table.isSeen(entry))).toHaveLength(50_000);
  expect([...table.entries()].filter((entry) => table.mark(entry) === 2)).toHaveLength(33_333);
});
