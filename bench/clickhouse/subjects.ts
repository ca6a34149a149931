import type { ClickHouse } from '../../src/clickhouse/clickhouse.ts';
import { seededRandom } from '../../src/random.ts';
import { filledAccountId, MONTHS, ROWS_A_MONTH } from './filled-rows.ts';

/** A transaction that is asked about; it has a reference, and no other has the same. */
export interface Subject {
  readonly accountId: string;
  readonly sequence: number;
  readonly transactionId: string;
  readonly reference: string;
  /** RFC 3339. */
  readonly occurredAt: string;
  /** A terminal, and how often it failed. */
  readonly terminal: { readonly id: string; readonly failures: number };
  /** How many accounts there are. */
  readonly accounts: number;
}

const SEED = 11;
const TERMINALS_MAX = 1_000;

interface Drawn {
  readonly accountId: string;
  readonly month: string;
  readonly drawn: readonly [sequence: string, transactionId: string, reference: string, atMs: string];
}

/** Transactions drawn at random over all accounts and months; of a small store some come twice. */
export async function drawSubjects(
  clickhouse: ClickHouse,
  accounts: number,
  count: number,
): Promise<readonly Subject[]> {
  const random = seededRandom(SEED);
  const places = Array.from({ length: count }, () => ({
    accountId: filledAccountId(random.below(accounts)),
    month: random.below(MONTHS),
  }));
  const ids = [...new Set(places.map(({ accountId }) => `'${accountId}'`))].join(', ');
  const rows = await clickhouse.rows<Drawn>(
    `SELECT account_id AS accountId, toString(intDiv(sequence - 1, ${ROWS_A_MONTH})) AS month, argMin((toString(sequence), transaction_id, reference, toString(toUnixTimestamp64Milli(occurred_at))), cityHash64(transaction_id)) AS drawn FROM headrace.transactions_rows WHERE account_id IN (${ids}) AND reference != '' GROUP BY account_id, month`,
  );
  const found = new Map(rows.map(({ accountId, month, drawn }) => [`${accountId} ${month}`, drawn]));
  const terminals = await clickhouse.rows<{ readonly id: string; readonly failures: string }>(
    `SELECT terminal_id AS id, toString(count()) AS failures FROM headrace.failed_dispenses_rows GROUP BY terminal_id ORDER BY cityHash64(terminal_id) LIMIT ${TERMINALS_MAX}`,
  );
  return places.map(({ accountId, month }) => {
    const drawn = found.get(`${accountId} ${month}`);
    if (drawn === undefined) throw new RangeError(`${accountId} has no transaction with a reference in month ${month}`);
    const [sequence, transactionId, reference, atMs] = drawn;
    const { id, failures } = random.pick(terminals);
    return {
      accountId,
      sequence: Number(sequence),
      transactionId,
      reference,
      occurredAt: new Date(Number(atMs)).toISOString(),
      terminal: { id, failures: Number(failures) },
      accounts,
    };
  });
}
