import { describe, expect, it } from 'vitest';
import { Books } from '../../../src/app/console/books.ts';
import { HeadraceError } from '../../../src/errors.ts';

/** A ClickHouse that takes `tookMs` for each of its answers. */
function setUp(tookMs: number) {
  const state = { now: 0, asked: 0, count: 1, fails: false };
  const query = async function* (sql: string): AsyncGenerator<Uint8Array> {
    state.asked++;
    state.now += tookMs;
    if (state.fails) throw new HeadraceError('QUERY_FAILED', 'too many');
    const count = String(state.count);
    const rows = sql.includes('GROUP BY currency')
      ? [
          { currency: 'EUR', total: '1.5', held: '0.5' },
          { currency: 'USD', total: '2', held: '0' },
        ]
      : sql.includes('GROUP BY state')
        ? [
            { state: 'REVERSED', count },
            { state: 'AUTHORISED', count },
          ]
        : [{ count }];
    yield Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  };
  return { state, books: new Books({ query }, () => state.now) };
}

describe('the figures of the books', () => {
  it('are asked for more seldom when answers take long', async () => {
    const { state, books } = setUp(100);
    expect(await books.look()).toEqual({
      totals: [
        ['EUR', '1.5'],
        ['USD', '2'],
      ],
      rowsInClickHouse: 1,
      withdrawals: {
        states: [
          ['AUTHORISED', 1],
          ['REVERSED', 1],
        ],
        openCases: 1,
        held: [['EUR', '0.5']],
      },
    });
    state.count = 2;
    state.now += 3_900;
    expect((await books.look()).rowsInClickHouse).toBe(1);
    expect(state.asked).toBe(4);
    state.now += 200;
    expect((await books.look()).rowsInClickHouse).toBe(2);
  });

  it('stay as they were while ClickHouse cannot answer', async () => {
    const { state, books } = setUp(0);
    await books.look();
    state.fails = true;
    expect((await books.look()).rowsInClickHouse).toBe(1);
    state.fails = false;
    state.count = 3;
    expect((await books.look()).rowsInClickHouse).toBe(3);
  });
});
