import { expect, test } from 'vitest';
import { insertName, insertToken } from '../../../src/clickhouse/sink/insert-name.ts';

const range = { topic: 'postings', partition: 0, from: 1, to: 5 };
const other = { ...range, partition: 1 };
const cut = { sink: 'clickhouse', number: 3, ranges: [range, other] };

test('a query id is of one cut and one table, whatever order the ranges are in', () => {
  expect(insertName(cut, 'a')).toBe(insertName({ ...cut, ranges: [other, range] }, 'a'));
  const names = [
    insertName(cut, 'a'),
    insertName(cut, 'b'),
    insertName({ ...cut, number: 4 }, 'a'),
    insertName({ ...cut, ranges: [range] }, 'a'),
    insertName({ ...cut, sink: 'x' }, 'a'),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('a token is of one insert, its rows and its columns, however the rows lie in pieces', () => {
  const columns = [{ name: 'n', type: 'UInt8' }];
  const bytes = new Uint8Array([1, 2]);
  const token = insertToken('q', columns, [bytes]);
  expect(insertToken('q', [...columns], [bytes.slice(0, 1), bytes.slice(1)])).toBe(token);
  const tokens = [
    token,
    insertToken('r', columns, [bytes]),
    insertToken('q', columns, [new Uint8Array([1, 3])]),
    insertToken('q', columns, [bytes.subarray(1), bytes.subarray(0, 1)]),
    insertToken('q', columns, [bytes.subarray(0, 1)]),
    insertToken('q', [{ name: 'm', type: 'UInt8' }], [bytes]),
    insertToken('q', [{ name: 'n', type: 'Bool' }], [bytes]),
  ];
  expect(new Set(tokens).size).toBe(tokens.length);
});
