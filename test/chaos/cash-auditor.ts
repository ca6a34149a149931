import type { CashEvidence, SeenCash, SentWithdrawal, Story } from './cash-evidence.ts';

/** Findings listed before the rest is only counted. */
const LISTED_MAX = 40;

const PART = 2_000n;
type Posted = 'all' | 'part' | 'nothing' | 'held';

/**
 * How a story may end: the state, and what is posted. Where Headrace was down while the terminal spoke, the silence may
 * have come first; where results came before the authorisation, words that exclude each other are for a person.
 */
const ENDINGS: Readonly<Record<Story, readonly (readonly [state: string, posted: Posted])[]>> = {
  success: [
    ['DISPENSED', 'all'],
    ['RESOLVED', 'all'],
  ],
  'success twice': [
    ['DISPENSED', 'all'],
    ['RESOLVED', 'all'],
  ],
  failure: [
    ['REVERSED', 'nothing'],
    ['RESOLVED', 'nothing'],
  ],
  'failure twice': [
    ['REVERSED', 'nothing'],
    ['RESOLVED', 'nothing'],
  ],
  partial: [
    ['REVERSED', 'part'],
    ['RESOLVED', 'part'],
  ],
  retracted: [['SUSPECT', 'held']],
  silence: [['SUSPECT', 'held']],
  'failure, then success': [
    ['SUSPECT', 'nothing'],
    ['SUSPECT', 'held'],
  ],
  'success, then failure': [
    ['SUSPECT', 'all'],
    ['SUSPECT', 'held'],
  ],
  refused: [['REFUSED', 'nothing']],
  'refused, and success': [['SUSPECT', 'nothing']],
};

/** Looks at withdrawals from the request to the books and lists what is lost, doubled or wrong. It uses nothing of the engine. */
export function auditCash(evidence: CashEvidence): readonly string[] {
  const findings = [...stories(evidence), ...books(evidence), ...once(evidence), ...clickHouseIsTheLog(evidence)];
  if (findings.length <= LISTED_MAX) return findings;
  return [...findings.slice(0, LISTED_MAX), `... and ${findings.length - LISTED_MAX} more about cash`];
}

function stories({ sent, debits, log }: CashEvidence): readonly string[] {
  const findings: string[] = [];
  const seen = new Map(log.withdrawals.map((each) => [each.withdrawalId, each]));
  const posted = sums(debits.map(({ withdrawalId, amount }) => [withdrawalId, amount]));
  for (const { withdrawalId, amount, story } of sent) {
    const name = `${withdrawalId} (${story})`;
    const found = seen.get(withdrawalId);
    seen.delete(withdrawalId);
    if (found === undefined) {
      findings.push(`${name} was acknowledged and nobody knows it`);
      continue;
    }
    const debit = posted.get(withdrawalId) ?? 0n;
    const endings = ENDINGS[story].filter(([state]) => state === found.state);
    if (endings.length === 0) findings.push(`${name} ends as ${found.state}`);
    else if (!endings.some(([, each]) => debit === amountOf(each, amount)))
      findings.push(`${name}: ${debit} is posted of ${amount}`);
    if (found.taken !== debit) findings.push(`${name}: its state says ${found.taken} taken, the ledger ${debit}`);
    if (found.reversed > amount - debit)
      findings.push(`${name}: ${found.reversed} reversed, ${debit} of ${amount} taken`);
  }
  for (const withdrawalId of seen.keys()) findings.push(`there is a withdrawal ${withdrawalId} that nobody sent`);
  return findings;
}

/** Held is what open withdrawals hold, and nothing was ever available that was not there. */
function books({ sent, debits, log, balances }: CashEvidence): readonly string[] {
  const findings: string[] = [];
  const states = new Map(log.withdrawals.map((each) => [each.withdrawalId, each]));
  const withDebit = new Set(debits.map(({ withdrawalId }) => withdrawalId));
  const held = sums(
    sent
      .filter((each) => isHeld(each, states.get(each.withdrawalId), withDebit))
      .map(({ accountId, amount }) => [accountId, amount]),
  );
  for (const { accountId, held: found, leastAvailable } of balances) {
    const due = held.get(accountId) ?? 0n;
    if (found !== due) findings.push(`${accountId}: ${found} held, ${due} is due`);
    if (leastAvailable < 0n) findings.push(`${accountId}: ${leastAvailable} was available`);
  }
  return findings;
}

function isHeld(
  { withdrawalId, story }: SentWithdrawal,
  found: { readonly state: string; readonly reversed: bigint } | undefined,
  withDebit: ReadonlySet<string>,
): boolean {
  const mayBeHeld = ENDINGS[story].some(([, posted]) => posted === 'held');
  return mayBeHeld && found?.state === 'SUSPECT' && found.reversed === 0n && !withDebit.has(withdrawalId);
}

/** One debit, one reversal and one case for a withdrawal; reports without a gap. */
function once({ debits, settlements, log }: CashEvidence): readonly string[] {
  const findings: string[] = [];
  const count = (names: readonly string[], what: string) => {
    for (const [name, times] of sums(names.map((each) => [each, 1n])))
      if (times > 1n) findings.push(`${name} has ${times} ${what}`);
  };
  count(
    debits.map(({ withdrawalId }) => withdrawalId),
    'debits',
  );
  count(
    settlements.filter(({ state }) => state === 'REVERSED').map(({ withdrawalId }) => withdrawalId),
    'reversals',
  );
  count(
    log.cases.map(({ withdrawalId }) => withdrawalId),
    'cases',
  );
  const numbers = new Map<string, number[]>();
  for (const { withdrawalId, number } of log.reports) {
    numbers.set(withdrawalId, [...(numbers.get(withdrawalId) ?? []), number]);
  }
  for (const [withdrawalId, all] of numbers) {
    if (all.some((number, index) => number !== index + 1)) findings.push(`${withdrawalId}: reports ${all.join(', ')}`);
  }
  const suspects = log.withdrawals.filter(({ state }) => state === 'SUSPECT');
  const open = new Set(log.cases.filter(({ status }) => status !== 'resolved').map(({ withdrawalId }) => withdrawalId));
  for (const { withdrawalId } of suspects) {
    if (!open.has(withdrawalId)) findings.push(`${withdrawalId} is SUSPECT and has no open case`);
  }
  return findings;
}

/** Row for row, as multisets. */
function clickHouseIsTheLog({ log, clickhouse }: CashEvidence): readonly string[] {
  const findings: string[] = [];
  for (const table of ['withdrawals', 'cases', 'reports'] as const satisfies readonly (keyof SeenCash)[]) {
    const rows = [
      ...log[table].map((row) => [rowText(row), 1n] as const),
      ...clickhouse[table].map((row) => [rowText(row), -1n] as const),
    ];
    for (const [row, difference] of sums(rows)) {
      if (difference !== 0n) findings.push(`ClickHouse ${table}: ${-difference} too many of ${row}`);
    }
  }
  return findings;
}

function amountOf(posted: Posted, amount: bigint): bigint {
  return posted === 'all' ? amount : posted === 'part' ? PART : 0n;
}

function sums(entries: readonly (readonly [name: string, amount: bigint])[]): ReadonlyMap<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const [name, amount] of entries) totals.set(name, (totals.get(name) ?? 0n) + amount);
  return totals;
}

function rowText(row: object): string {
  return Object.entries(row)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
