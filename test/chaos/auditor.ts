import type { Evidence, Leg, LoggedTransaction } from './evidence.ts';

/** Findings listed of one kind before the rest is only counted. */
const LISTED_MAX = 20;
/** What other systems post comes by another topic and has outcomes of its own. */
const INPUT = 'transactions';

/**
 * Looks at input, log and ClickHouse and lists everything that is lost, doubled, out of order or wrong. It uses nothing
 * of the engine: its rules are those a bank's auditor would apply to the books.
 */
export function audit(evidence: Evidence): readonly string[] {
  return [
    ...inputIsInTheLog(evidence),
    ...everyRecordHasOneOutcome(evidence),
    ...booksAreRight(evidence),
    ...postingsSumToZero(evidence),
    ...summariesAreRight(evidence),
    ...clickHouseIsTheLog(evidence),
  ];
}

function limited(findings: readonly string[]): readonly string[] {
  if (findings.length <= LISTED_MAX) return findings;
  return [...findings.slice(0, LISTED_MAX), `... and ${findings.length - LISTED_MAX} more of this kind`];
}

/** What was acknowledged is there, nothing is there that was not sent, and each account's first appearances are in the order of sending. */
function inputIsInTheLog({ inputs, log }: Evidence): readonly string[] {
  const findings: string[] = [];
  const logged = new Map<string, number>();
  const inOrder = [...log.transactions].sort(byPosition);
  inOrder.forEach(({ accountId, transactionId }, index) => {
    const identity = identityOf(accountId, transactionId);
    if (!logged.has(identity)) logged.set(identity, index);
  });
  const sent = new Set(inputs.map(({ accountId, transactionId }) => identityOf(accountId, transactionId)));
  for (const identity of logged.keys())
    if (!sent.has(identity)) findings.push(`the log holds ${identity}, which nobody sent`);
  const lastOfAccount = new Map<string, number>();
  for (const { accountId, transactionId, acknowledged } of inputs) {
    const at = logged.get(identityOf(accountId, transactionId));
    if (at === undefined) {
      if (acknowledged) findings.push(`${identityOf(accountId, transactionId)} was acknowledged and is not in the log`);
      continue;
    }
    if (at < (lastOfAccount.get(accountId) ?? -1))
      findings.push(`${identityOf(accountId, transactionId)} is in the log before what was sent before it`);
    lastOfAccount.set(accountId, at);
  }
  return limited(findings);
}

function everyRecordHasOneOutcome({ log }: Evidence): readonly string[] {
  const outcomes = new Map<string, number>();
  const own = log.accepted.filter(({ sourceTopic }) => sourceTopic === INPUT);
  for (const { sourcePartition, sourceOffset } of [...own, ...log.rejected]) {
    const place = `${sourcePartition}@${sourceOffset}`;
    outcomes.set(place, (outcomes.get(place) ?? 0) + 1);
  }
  const findings: string[] = [];
  for (const { partition, offset, accountId, transactionId } of log.transactions) {
    const count = outcomes.get(`${partition}@${offset}`) ?? 0;
    outcomes.delete(`${partition}@${offset}`);
    if (count !== 1)
      findings.push(`input ${partition}@${offset} (${identityOf(accountId, transactionId)}) has ${count} outcomes`);
  }
  for (const place of outcomes.keys()) findings.push(`there is an outcome for input ${place}, which does not exist`);
  return limited(findings);
}

/** Per account: a gapless sequence in the order of the input, each identity once, every balance the running sum, the last one the balance. */
function booksAreRight({ inputs, log }: Evidence): readonly string[] {
  const findings: string[] = [];
  const sent = new Map(inputs.map((input) => [identityOf(input.accountId, input.transactionId), input]));
  const final = new Map<string, bigint>();
  for (const [accountId, accepted] of grouped(log.accepted, ({ accountId }) => accountId)) {
    const seen = new Set<string>();
    const booked = new Map<string, bigint>();
    const lastOffsets = new Map<string, number>();
    accepted.forEach((each, index) => {
      const name = `${accountId} #${each.sequence} (${each.transactionId})`;
      const input = sent.get(identityOf(accountId, each.transactionId));
      if (each.sequence !== index + 1) findings.push(`${name}: sequence ${index + 1} was due`);
      if (seen.has(each.transactionId)) findings.push(`${name}: accepted twice`);
      seen.add(each.transactionId);
      if (each.sourceOffset <= (lastOffsets.get(each.sourceTopic) ?? -1))
        findings.push(`${name}: processed out of the order of the input`);
      lastOffsets.set(each.sourceTopic, each.sourceOffset);
      if (input !== undefined && (input.effect !== each.effect || input.currency !== each.currency))
        findings.push(`${name}: posted ${each.effect} ${each.currency}, sent ${input.effect} ${input.currency}`);
      const balance = (booked.get(each.currency) ?? 0n) + each.effect;
      booked.set(each.currency, balance);
      if (balance !== each.balanceAfter)
        findings.push(`${name}: balance after is ${each.balanceAfter}, the sum is ${balance}`);
      if (input?.isRequest && each.effect < 0n && balance < 0n)
        findings.push(`${name}: a request overdrew the account`);
    });
    for (const [currency, balance] of booked) final.set(`${accountId} ${currency}`, balance);
  }
  for (const { accountId, currency, booked } of log.balances) {
    const expected = final.get(`${accountId} ${currency}`);
    final.delete(`${accountId} ${currency}`);
    if (expected !== booked) findings.push(`balance of ${accountId} ${currency} is ${booked}, the sum is ${expected}`);
  }
  for (const account of final.keys()) findings.push(`there is no balance of ${account}`);
  const acceptedIds = new Set(log.accepted.map(({ accountId, transactionId }) => identityOf(accountId, transactionId)));
  for (const { accountId, transactionId, acknowledged, isRequest } of inputs) {
    if (acknowledged && !isRequest && !acceptedIds.has(identityOf(accountId, transactionId)))
      findings.push(`${identityOf(accountId, transactionId)} is a settled fact and was never posted`);
  }
  return limited(findings);
}

function postingsSumToZero({ log }: Evidence): readonly string[] {
  const findings: string[] = [];
  const legs = grouped(log.postings, ({ accountId, sequence }) => `${accountId} #${sequence}`);
  const seen = new Set<string>();
  for (const { accountId, sequence } of log.accepted) {
    const name = `${accountId} #${sequence}`;
    const own = legs.get(name) ?? [];
    seen.add(name);
    if (own.length < 2) findings.push(`${name} has ${own.length} postings`);
    if (new Set(own.map(({ leg }) => leg)).size !== own.length) findings.push(`${name} has a leg twice`);
    for (const [currency, ofCurrency] of grouped(own, (leg: Leg) => leg.currency)) {
      const sum = ofCurrency.reduce((total, leg) => total + leg.effect, 0n);
      if (sum !== 0n) findings.push(`the postings of ${name} sum to ${sum} ${currency}`);
    }
  }
  for (const name of legs.keys())
    if (!seen.has(name)) findings.push(`there are postings of ${name}, which was not accepted`);
  return limited(findings);
}

function summariesAreRight({ log }: Evidence): readonly string[] {
  const total = (rows: readonly { readonly effect: bigint }[], sign: 1 | -1) =>
    rows.reduce((sum, { effect }) => (effect > 0n === (sign === 1) ? sum + effect * BigInt(sign) : sum), 0n);
  const findings: string[] = [];
  const accepted = grouped(log.accepted, ({ accountId, currency }) => `${accountId} ${currency}`);
  const summaries = grouped(log.summaries, ({ accountId, currency }) => `${accountId} ${currency}`);
  for (const name of new Set([...accepted.keys(), ...summaries.keys()])) {
    const rows = accepted.get(name) ?? [];
    const days = summaries.get(name) ?? [];
    const count = days.reduce((sum, day) => sum + day.count, 0);
    const credits = days.reduce((sum, day) => sum + day.credits, 0n);
    const debits = days.reduce((sum, day) => sum + day.debits, 0n);
    if (count !== rows.length || credits !== total(rows, 1) || debits !== total(rows, -1)) {
      findings.push(
        `the daily summaries of ${name} say ${count} transactions, +${credits} -${debits}; the ledger says ${rows.length}, +${total(rows, 1)} -${total(rows, -1)}`,
      );
    }
  }
  return limited(findings);
}

/** Row for row, as multisets: a row too many is found as well as one too few or another. */
function clickHouseIsTheLog({ log, clickhouse }: Evidence): readonly string[] {
  const findings: string[] = [];
  for (const table of ['accepted', 'rejected', 'postings', 'balances', 'summaries'] as const) {
    const counts = new Map<string, number>();
    const own: string[] = [];
    for (const row of log[table]) counts.set(rowText(row), (counts.get(rowText(row)) ?? 0) + 1);
    for (const row of clickhouse[table]) counts.set(rowText(row), (counts.get(rowText(row)) ?? 0) - 1);
    for (const [row, count] of counts) {
      if (count > 0) own.push(`ClickHouse ${table} lacks ${count} of ${row}`);
      if (count < 0) own.push(`ClickHouse ${table} has ${-count} too many of ${row}`);
    }
    findings.push(...limited(own));
  }
  return findings;
}

function rowText(row: object): string {
  return Object.entries(row)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function identityOf(accountId: string, transactionId: string): string {
  return `${accountId}/${transactionId}`;
}

function byPosition(left: LoggedTransaction, right: LoggedTransaction): number {
  return left.partition - right.partition || left.offset - right.offset;
}
