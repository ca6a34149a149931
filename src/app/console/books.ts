import { WITHDRAWAL_STATES } from '../../../topologies/atm-dispense/events.ts';
import type { Clock } from '../../clock.ts';
import type { HeadraceNode } from '../node.ts';
import { readJsonRows } from '../query-rows.ts';

export interface BookFigures {
  /** Booked money of all accounts, decimal text by currency. */
  readonly totals: readonly (readonly [currency: string, total: string])[];
  readonly rowsInClickHouse: number;
  readonly withdrawals: WithdrawalFigures;
}

/** Where the withdrawals are. */
export interface WithdrawalFigures {
  /** Count by state, in the order of a withdrawal's life; states without any are left out. */
  readonly states: readonly (readonly [state: string, count: number])[];
  /** Cases that are not resolved. */
  readonly openCases: number;
  /** Money that holds reserve, decimal text by currency; currencies without any are left out. */
  readonly held: readonly (readonly [currency: string, total: string])[];
}

/** Of the time, what the view's own questions may take: the longer they take, the more seldom they are asked. */
const SHARE_OF_TIME = 0.1;

const TOTALS =
  'SELECT currency, toString(sum(toDecimal256(booked, 4))) AS total, toString(sum(toDecimal256(held, 4))) AS held FROM headrace.balances GROUP BY currency ORDER BY currency';
const ROWS = 'SELECT count() AS count FROM headrace.transactions';
const STATES = 'SELECT state, count() AS count FROM headrace.withdrawals GROUP BY state';
const CASES = `SELECT count() AS count FROM headrace.reconciliation_cases WHERE status != 'resolved'`;

type Total = { readonly currency: string; readonly total: string; readonly held: string };
type Count = { readonly count: string };
type StateCount = Count & { readonly state: string };

const NOTHING: BookFigures = { totals: [], rowsInClickHouse: 0, withdrawals: { states: [], openCases: 0, held: [] } };

/** What ClickHouse has of the books, for the live view. Where it can't answer, the last figures stay. */
export class Books {
  readonly #node: Pick<HeadraceNode, 'query'>;
  readonly #clock: Clock;
  #figures = NOTHING;
  #nextLookAt = 0;

  constructor(node: Pick<HeadraceNode, 'query'>, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  async look(): Promise<BookFigures> {
    const startedAt = this.#clock();
    if (startedAt < this.#nextLookAt) return this.#figures;
    try {
      const totals = await readJsonRows<Total>(this.#node, TOTALS);
      const [row] = await readJsonRows<Count>(this.#node, ROWS);
      const states = await readJsonRows<StateCount>(this.#node, STATES);
      const [cases] = await readJsonRows<Count>(this.#node, CASES);
      this.#figures = {
        totals: totals.map(({ currency, total }) => [currency, total]),
        rowsInClickHouse: Number(row?.count ?? 0),
        withdrawals: {
          states: inOrder(states),
          openCases: Number(cases?.count ?? 0),
          held: totals.filter(({ held }) => Number(held) !== 0).map(({ currency, held }) => [currency, held]),
        },
      };
    } catch {
      // The sink tells of ClickHouse's troubles; a view that can't be drawn is no reason to end the run.
    }
    const endedAt = this.#clock();
    this.#nextLookAt = endedAt + (endedAt - startedAt) / SHARE_OF_TIME;
    return this.#figures;
  }
}

function inOrder(states: readonly StateCount[]): WithdrawalFigures['states'] {
  const counts = new Map(states.map(({ state, count }) => [state, Number(count)]));
  return WITHDRAWAL_STATES.flatMap((state) => (counts.has(state) ? [[state, counts.get(state)!] as const] : []));
}
