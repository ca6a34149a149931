import type { Clock } from '../../clock.ts';
import type { HeadraceNode } from '../node.ts';
import { readJsonRows } from '../query-rows.ts';

export interface BookFigures {
  /** Booked money of all accounts, decimal text by currency. */
  readonly totals: readonly (readonly [currency: string, total: string])[];
  readonly rowsInClickHouse: number;
}

/** Of the time, what the view's own questions may take: the longer they take, the more seldom they are asked. */
const SHARE_OF_TIME = 0.1;

const TOTALS =
  'SELECT currency, toString(sum(toDecimal256(booked, 4))) AS total FROM headrace.balances GROUP BY currency ORDER BY currency';
const ROWS = 'SELECT count() AS count FROM headrace.transactions';

/** What ClickHouse has of the books, for the live view. Where it can't answer, the last figures stay. */
export class Books {
  readonly #node: Pick<HeadraceNode, 'query'>;
  readonly #clock: Clock;
  #figures: BookFigures = { totals: [], rowsInClickHouse: 0 };
  #nextLookAt = 0;

  constructor(node: Pick<HeadraceNode, 'query'>, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  async look(): Promise<BookFigures> {
    const startedAt = this.#clock();
    if (startedAt < this.#nextLookAt) return this.#figures;
    try {
      const totals = await readJsonRows<{ currency: string; total: string }>(this.#node, TOTALS);
      const [row] = await readJsonRows<{ count: string }>(this.#node, ROWS);
      this.#figures = {
        totals: totals.map(({ currency, total }) => [currency, total]),
        rowsInClickHouse: Number(row?.count ?? 0),
      };
    } catch {
      // The sink tells of ClickHouse's troubles; a view that can't be drawn is no reason to end the run.
    }
    const endedAt = this.#clock();
    this.#nextLookAt = endedAt + (endedAt - startedAt) / SHARE_OF_TIME;
    return this.#figures;
  }
}
