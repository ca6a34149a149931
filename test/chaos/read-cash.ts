import type { LocalNode } from '../../src/app/local-node.ts';
import { readJsonRows } from '../../src/app/query-rows.ts';
import type { CashEvidence, SeenCase, SeenReport, SeenWithdrawal, SentWithdrawal } from './cash-evidence.ts';
import { minor, newest, records } from './read-evidence.ts';

type Row = Record<string, string>;

/** What log and ClickHouse hold of withdrawals after a run. All are in EUR. */
export async function readCash(node: LocalNode, sent: readonly SentWithdrawal[]): Promise<CashEvidence> {
  const accepted = (await records(node, 'ledger.transactions')).map(({ value }) => value);
  const debits = accepted
    .filter(({ transactionId }) => transactionId!.startsWith('withdrawal:'))
    .map(({ transactionId, accountId, amount }) => ({
      withdrawalId: transactionId!.slice('withdrawal:'.length),
      accountId: accountId!,
      amount: minor(amount!, 'EUR'),
    }));
  const settlements = (await records(node, 'atm.settlements')).map(({ value }) => ({
    withdrawalId: value.withdrawalId!,
    state: value.state!,
  }));
  return { sent, debits, balances: await balancesOf(node, sent), settlements, ...(await seenIn(node)) };
}

async function balancesOf(node: LocalNode, sent: readonly SentWithdrawal[]): Promise<CashEvidence['balances']> {
  const accounts = new Map<string, { held: bigint; leastAvailable: bigint }>();
  const withdrawing = new Set(sent.map(({ accountId }) => accountId));
  for (const { value } of await records(node, 'balances')) {
    if (!withdrawing.has(value.accountId!)) continue;
    for (const { held, available } of (value as unknown as { balances: readonly Row[] }).balances) {
      const now = minor(available!, 'EUR');
      const least = accounts.get(value.accountId!)?.leastAvailable ?? now;
      accounts.set(value.accountId!, { held: minor(held!, 'EUR'), leastAvailable: [now, least].reduce(lesser) });
    }
  }
  return [...accounts].map(([accountId, figures]) => ({ accountId, ...figures }));
}

async function seenIn(node: LocalNode): Promise<Pick<CashEvidence, 'log' | 'clickhouse'>> {
  const rows = (sql: string) => readJsonRows<Row>(node, sql);
  return {
    log: {
      withdrawals: newest(await records(node, 'atm.withdrawal-states')).map(withdrawalOf),
      cases: newest(await records(node, 'reconciliation.cases')).map(caseOf),
      reports: (await records(node, 'atm.dispense.failed')).map(({ value }) => reportOf(value)),
    },
    clickhouse: {
      withdrawals: (
        await rows('SELECT withdrawal_id AS withdrawalId, state, taken, reversed FROM headrace.withdrawals')
      ).map(withdrawalOf),
      cases: (
        await rows(
          'SELECT case_id AS caseId, withdrawal_id AS withdrawalId, kind, status FROM headrace.reconciliation_cases',
        )
      ).map(caseOf),
      reports: (await rows('SELECT withdrawal_id AS withdrawalId, number, outcome FROM headrace.failed_dispenses')).map(
        reportOf,
      ),
    },
  };
}

function withdrawalOf({ withdrawalId, state, taken, reversed }: Row): SeenWithdrawal {
  return {
    withdrawalId: withdrawalId!,
    state: state!,
    taken: minor(taken!, 'EUR'),
    reversed: minor(reversed!, 'EUR'),
  };
}

function caseOf({ caseId, withdrawalId, kind, status }: Row): SeenCase {
  return { caseId: caseId!, withdrawalId: withdrawalId!, kind: kind!, status: status! };
}

function reportOf({ withdrawalId, number, outcome }: Row): SeenReport {
  return { withdrawalId: withdrawalId!, number: Number(number), outcome: outcome! };
}

function lesser(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
