import { expect, test } from 'vitest';
import { insertWithout } from '../../../src/clickhouse/sink/set-aside.ts';
import { TableRows } from '../../../src/clickhouse/sink/table-rows.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { batchesOf } from '../record-batches.ts';

const BAD = 255;

/** A record and a row for each value. */
function rowsOf(values: readonly number[]): TableRows {
  const rows = new TableRows('headrace.x', [{ name: 'n', type: 'UInt8' }]);
  const batches = batchesOf(
    'a',
    0,
    0,
    values.map((value) => ({ value })),
  );
  for (const batch of batches) {
    rows.begin(batch);
    for (let i = 0; i < batch.length; i++) {
      rows.encoder.append([values[batch.offsetAt(i)]!]);
      rows.endRecord(1);
    }
  }
  return rows;
}

/** A table that refuses a part with a bad value in it. */
function table() {
  const taken: number[] = [];
  const places: string[] = [];
  const insert = async (pieces: readonly Uint8Array[], place: string) => {
    const bytes = Buffer.concat(pieces);
    places.push(place);
    if (bytes.includes(BAD)) throw new HeadraceError('SINK_ROW_REFUSED', 'Code: 469. Constraint violated');
    taken.push(...bytes);
  };
  return { taken, places, insert };
}

test.each([
  ['one in the middle', [1, 2, BAD, 4, 5]],
  ['first and last', [BAD, 2, 3, BAD]],
  ['neighbours', [1, BAD, BAD, 4]],
  ['the only one', [BAD]],
  ['all', [BAD, BAD, BAD]],
])('%s: what is refused is set aside, everything else goes in once and in order', async (_name, values) => {
  const { taken, places, insert } = table();
  const refused = await insertWithout(rowsOf(values), insert);
  expect(taken).toEqual(values.filter((value) => value !== BAD));
  expect(refused.map(({ batch, index }) => batch.offsetAt(index))).toEqual(
    values.flatMap((value, i) => (value === BAD ? [i] : [])),
  );
  for (const each of refused)
    expect(each.error).toMatchObject({ code: 'SINK_ROW_REFUSED', message: expect.stringContaining('469') });
  expect(new Set(places).size).toBe(places.length);
});

test('one bad row among many is found in few inserts', async () => {
  const { taken, places, insert } = table();
  const values = Array.from({ length: 10_000 }, (_, i) => (i === 7_777 ? BAD : i % 200));
  expect(await insertWithout(rowsOf(values), insert)).toHaveLength(1);
  expect(taken).toHaveLength(9_999);
  expect(places.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(10_000)));
});

test('more than a thousand refused are no fault of records: nothing is set aside, and the work ends', async () => {
  const { places, insert } = table();
  const values = Array.from({ length: 20_000 }, () => BAD);
  await expect(insertWithout(rowsOf(values), insert)).rejects.toMatchObject({
    code: 'SINK_REFUSALS_EXCEEDED',
    retriable: true,
    message: expect.stringMatching(/headrace\.x.*Constraint violated/),
  });
  expect(places.length).toBeLessThan(2_100);
});

test('another failure in between ends it, for the cut to come again', async () => {
  const away = new HeadraceError('CLICKHOUSE_FAILED', 'away', { retriable: true });
  await expect(insertWithout(rowsOf([1, 2]), () => Promise.reject(away))).rejects.toBe(away);
});
