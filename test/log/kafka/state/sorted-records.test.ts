import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeChangelogKey } from '../../../../src/log/kafka/state/changelog-record.ts';
import { SortedRecords } from '../../../../src/log/kafka/state/sorted-records.ts';
import { type Change, ChangelogUnderTest, nameOf } from './changelog-under-test.ts';

const place = { topic: 'c', partition: 0 };
const text = (value: Uint8Array | null) => (value === null ? null : Buffer.from(value).toString());

function read(records: SortedRecords): readonly Change[] {
  return Array.from({ length: records.length }, (_, i) => ({
    ...decodeChangelogKey(records.keyAt(i)),
    value: text(records.valueAt(i)),
  }));
}

function byKey(changes: readonly Change[]): ReadonlyMap<string, readonly (string | null)[]> {
  const values = new Map<string, (string | null)[]>();
  for (const change of changes) values.set(nameOf(change), [...(values.get(nameOf(change)) ?? []), change.value]);
  return values;
}

const changes = fc.array(
  fc.record({
    store: fc.constantFrom('a', 'ab', 'a-much-longer-name-of-a-store'),
    partition: fc.constantFrom(0, 1, 256),
    key: fc.constantFrom('', '\u0000', 'account-1', 'account-10', 'account-2', 'x', '\u00ff', 'account-'.repeat(9)),
    value: fc.option(fc.string({ maxLength: 3 })),
  }),
  { maxLength: 200 },
);

describe('SortedRecords', () => {
  it('has every record from an offset on, and those of one key in the order of their offsets', async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(50), async (all, from) => {
        const changelog = new ChangelogUnderTest(1_000);
        changelog.append(all);
        const { batches } = await changelog.fetch(place, 0);
        const kept = all.slice(from);
        const sorted = read(new SortedRecords(batches, from));
        expect(sorted).toHaveLength(kept.length);
        expect(byKey(sorted)).toEqual(byKey(kept));
      }),
      { numRuns: 200 },
    );
  });

  it('brings keys of each store into order, behind what they have in common', async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `account-number-${String((i * 7_919) % 500).padStart(8, '0')}`);
    const changelog = new ChangelogUnderTest(10_000);
    changelog.append(
      keys.flatMap((key) => ['sums', 'counts'].map((store) => ({ store, partition: 3, key, value: 'v' }))),
    );
    const { batches } = await changelog.fetch(place, 0);
    const sorted = read(new SortedRecords(batches, 0));
    const ordered = [...keys].sort();
    expect(sorted.map(({ store, key }) => `${store} ${key}`)).toEqual([
      ...ordered.map((key) => `sums ${key}`),
      ...ordered.map((key) => `counts ${key}`),
    ]);
  });
});
