import type { LedgerTransaction } from '../../../topologies/account-ledger/events.ts';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import { ATM_TOPICS } from '../../../topologies/atm-dispense/topics.ts';
import { RECONCILIATION_TOPICS } from '../../../topologies/reconciliation/topics.ts';
import { type HeadraceNode, recordsOf, valueIn } from '../node.ts';
import { readJsonRows } from '../query-rows.ts';
import { LEDGER } from '../systems.ts';
import { addTo, compareFigures, type Difference, type Source, toScaled } from './figures.ts';

export interface ReconcileReport {
  readonly agrees: boolean;
  readonly differences: readonly Difference[];
  /** Figures compared in all. */
  readonly figures: number;
  readonly inputRecords: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly deadLetters: number;
}

/** What the log's own records tell. */
const LOG_FAMILIES: ReadonlySet<string> = new Set([
  'transactions',
  'credits',
  'debits',
  'day-credits',
  'day-debits',
  'postings',
  'rejected',
  'dead-letters',
  'balance',
  'sequence',
  'withdrawals',
  'cases',
]);
const STATE_FAMILIES: ReadonlySet<string> = new Set(['balance', 'sequence', 'held']);
const CLICKHOUSE_FAMILIES: ReadonlySet<string> = new Set([...LOG_FAMILIES, 'held']);

const DEAD_LETTERS = `${TOPICS.transactions}.dlq`;

/** Holds intake, lets everything be processed, compares (see {@link reconcile}), and lets intake go on. */
export async function reconcileAtRest(node: HeadraceNode): Promise<ReconcileReport> {
  const hold = await node.hold();
  try {
    await node.drain();
    return await reconcile(node);
  } finally {
    await hold.release();
  }
}

/**
 * Holds the input log against the engine's state against ClickHouse: counts, sums per currency, sequence, balance and
 * holds of every account, withdrawals by state and cases by status. Everything must be drained before and nothing may come in meanwhile. The log's figures are computed here anew from its records, not
 * taken from what the engine says of them.
 */
export async function reconcile(
  node: HeadraceNode,
  onProgress: (records: number) => void = () => {},
): Promise<ReconcileReport> {
  const log = await logFigures(node, onProgress);
  const sources: readonly Source[] = [log.source, await stateFigures(node), await clickHouseFigures(node)];
  const differences = [...log.findings, ...compareFigures(sources)];
  const figures = new Set(sources.flatMap((source) => [...source.figures.keys()])).size;
  const { inputRecords, accepted, rejected, deadLetters } = log;
  return { agrees: differences.length === 0, differences, figures, inputRecords, accepted, rejected, deadLetters };
}

async function logFigures(node: HeadraceNode, onProgress: (records: number) => void) {
  const sums = new Map<string, bigint>();
  const findings: Difference[] = [];
  const sequences = new Map<string, number>();
  const balances = new Map<string, bigint>();
  let read = 0;
  let outcomes = 0;
  for (const { partition, start, end } of await node.watermarks(TOPICS.accepted)) {
    for await (const record of recordsOf(node, TOPICS.accepted, partition, start, end)) {
      if (++read % 10_000 === 0) onProgress(read);
      const transaction = await valueIn<LedgerTransaction>(node, TOPICS.accepted, record);
      const { accountId, currency, direction, amount, sequence, balanceAfter, postings, source } = transaction;
      const effect = direction === 'credit' ? toScaled(amount) : -toScaled(amount);
      const account = `${accountId} ${currency}`;
      const balance = (balances.get(account) ?? 0n) + effect;
      balances.set(account, balance);
      const due = (sequences.get(accountId) ?? 0) + 1;
      sequences.set(accountId, sequence);
      const name = `${accountId} #${sequence}`;
      if (sequence !== due)
        findings.push({ figure: `sequence of ${name}`, values: { log: String(sequence), due: String(due) } });
      if (toScaled(balanceAfter) !== balance)
        findings.push({ figure: `balance after ${name}`, values: { log: balanceAfter, due: String(balance) } });
      addTo(sums, 'transactions', 1n);
      // Others may be the outcome of another system's command.
      if (source.topic === TOPICS.transactions) outcomes++;
      addTo(sums, `${direction}s ${currency}`, toScaled(amount));
      addTo(sums, `day-${direction}s ${currency}`, toScaled(amount));
      addTo(sums, 'postings', BigInt(postings.length));
    }
  }
  const [inputRecords, rejected, deadLetters] = [
    await node.recordCount(TOPICS.transactions),
    await node.recordCount(TOPICS.rejected),
    await node.recordCount(DEAD_LETTERS),
  ];
  const accepted = outcomes;
  // A replay whose turn is over is a record of the input that has no outcome.
  const dropped = (await node.parked())
    .filter(({ application, topic }) => application === LEDGER && topic === TOPICS.transactions)
    .reduce((sum, parking) => sum + parking.dropped, 0);
  if (accepted + rejected + deadLetters + dropped !== inputRecords) {
    findings.push({
      figure: 'outcomes',
      values: {
        input: String(inputRecords),
        accepted: String(accepted),
        rejected: String(rejected),
        deadLetters: String(deadLetters),
        ...(dropped === 0 ? {} : { droppedReplays: String(dropped) }),
      },
    });
  }
  const figures = new Map([...sums].map(([name, value]) => [name, String(value)]));
  if (rejected > 0) figures.set('rejected', String(rejected));
  if (deadLetters > 0) figures.set('dead-letters', String(deadLetters));
  for (const [account, balance] of balances) setMoney(figures, `balance ${account}`, balance);
  for (const [account, sequence] of sequences) figures.set(`sequence ${account}`, String(sequence));
  for (const [state, count] of await lastOfEach(node, ATM_TOPICS.states, 'state')) {
    figures.set(`withdrawals ${state}`, String(count));
  }
  for (const [status, count] of await lastOfEach(node, RECONCILIATION_TOPICS.cases, 'status')) {
    figures.set(`cases ${status}`, String(count));
  }
  return {
    source: { name: 'log', figures, families: LOG_FAMILIES },
    findings,
    inputRecords,
    accepted,
    rejected,
    deadLetters,
  };
}

/** Nothing is no figure: an account of which only a hold was known has a balance of 0 in one source and none in another. */
function setMoney(figures: Map<string, string>, name: string, scaled: bigint): void {
  if (scaled !== 0n) figures.set(name, String(scaled));
}

/** How many keys of a compacted topic have each value of a field, by their last records. */
async function lastOfEach(node: HeadraceNode, topic: string, field: string): Promise<ReadonlyMap<string, number>> {
  const last = new Map<string, string>();
  for (const { partition, start, end } of await node.watermarks(topic)) {
    for await (const record of recordsOf(node, topic, partition, start, end)) {
      const name = Buffer.from(record.key!).toString();
      const value = await valueIn<Record<string, unknown> | null>(node, topic, record);
      if (value === null) last.delete(name);
      else last.set(name, String(value[field]));
    }
  }
  const counts = new Map<string, number>();
  for (const each of last.values()) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

async function stateFigures(node: HeadraceNode): Promise<Source> {
  const figures = new Map<string, string>();
  for (const { partition } of await node.watermarks(TOPICS.transactions)) {
    for (const { accountId, sequence, booked, held } of await node.accounts(partition)) {
      // An account of which only a hold is known has no transaction yet.
      if (sequence > 0) figures.set(`sequence ${accountId}`, String(sequence));
      for (const [currency, amount] of Object.entries(booked))
        setMoney(figures, `balance ${accountId} ${currency}`, toScaled(amount));
      for (const [currency, amount] of Object.entries(held))
        setMoney(figures, `held ${accountId} ${currency}`, toScaled(amount));
    }
  }
  return { name: 'state', figures, families: STATE_FAMILIES };
}

/** Sums are made wide before they are added: ClickHouse's sum of Decimal(38, 4) wraps in silence. */
async function clickHouseFigures(node: HeadraceNode): Promise<Source> {
  const figures = new Map<string, string>();
  type Count = { readonly name: string; readonly count: string };
  const counts = await readJsonRows<Count>(
    node,
    `SELECT 'transactions' AS name, count() AS count FROM headrace.transactions
     UNION ALL SELECT 'postings', count() FROM headrace.postings
     UNION ALL SELECT concat('withdrawals ', state), count() FROM headrace.withdrawals GROUP BY state
     UNION ALL SELECT concat('cases ', status), count() FROM headrace.reconciliation_cases GROUP BY status
     UNION ALL SELECT 'rejected', count() FROM headrace.rejected_transactions
     UNION ALL SELECT 'dead-letters', count() FROM headrace.dead_letters WHERE source_topic = '${TOPICS.transactions}'`,
  );
  for (const { name, count } of counts) if (count !== '0') figures.set(name, count);
  type Sum = { readonly direction: string; readonly currency: string; readonly total: string };
  const sums = await readJsonRows<Sum>(
    node,
    'SELECT direction, currency, toString(sum(toDecimal256(amount, 4))) AS total FROM headrace.transactions GROUP BY direction, currency',
  );
  for (const { direction, currency, total } of sums) figures.set(`${direction}s ${currency}`, String(toScaled(total)));
  type Balance = {
    readonly account_id: string;
    readonly currency: string;
    readonly booked: string;
    readonly held: string;
  };
  for (const { account_id, currency, booked, held } of await readJsonRows<Balance>(
    node,
    'SELECT account_id, currency, booked, held FROM headrace.balances',
  )) {
    setMoney(figures, `balance ${account_id} ${currency}`, toScaled(booked));
    setMoney(figures, `held ${account_id} ${currency}`, toScaled(held));
  }
  type Last = { readonly account_id: string; readonly last: string; readonly count: string };
  for (const { account_id, last, count } of await readJsonRows<Last>(
    node,
    'SELECT account_id, max(sequence) AS last, count() AS count FROM headrace.transactions GROUP BY account_id',
  )) {
    figures.set(`sequence ${account_id}`, last === count ? last : `${last} in ${count} rows`);
  }
  type Day = { readonly currency: string; readonly credits: string; readonly debits: string };
  const days = await readJsonRows<Day>(
    node,
    'SELECT currency, toString(sum(toDecimal256(credits, 4))) AS credits, toString(sum(toDecimal256(debits, 4))) AS debits FROM headrace.account_daily_summary GROUP BY currency',
  );
  for (const { currency, credits, debits } of days) {
    if (toScaled(credits) !== 0n) figures.set(`day-credits ${currency}`, String(toScaled(credits)));
    if (toScaled(debits) !== 0n) figures.set(`day-debits ${currency}`, String(toScaled(debits)));
  }
  return { name: 'clickhouse', figures, families: CLICKHOUSE_FAMILIES };
}
