import { MINOR_UNITS_MAX, maskCardNumbers, parseMinorUnits } from 'headrace';
import type { HoldCommand, LedgerCommand, LedgerOutcome, PostCommand, SettleCommand } from './commands.ts';
import { toTransactionInput } from './events.ts';
import { asRequest, checkSettlement, contentOf, debitOf, type Hold, place, release, settledFigures } from './holds.ts';
import { balancesOf } from './post.ts';
import { type Arrived, identityOf, type PostingOffice } from './posting-office.ts';
import type { Refusal, Transaction } from './rules.ts';

/** What an answer says beside whose it is. */
type Answer = Pick<LedgerOutcome, 'status' | 'code' | 'reason' | 'currency' | 'taken' | 'released'>;

const DONE: Answer = { status: 'done' };

/**
 * Does what other systems ask of the ledger, and answers. It is a function of command and state: the same command again
 * changes nothing and gets the same answer.
 */
export function handleCommand(office: PostingOffice, command: LedgerCommand, arrived: Arrived): void {
  const answer = answerTo(office, command, arrived);
  const { commandId, requester, replyKey, action, accountId } = command;
  const subjectId = command.action === 'post' ? String(command.transaction.transactionId ?? '') : command.holdId;
  const outcome = { commandId, requester, replyKey, action, accountId, subjectId, ...answer };
  office.tell(arrived.key, { outcome });
}

function answerTo(office: PostingOffice, command: LedgerCommand, arrived: Arrived): Answer {
  if (arrived.key !== command.accountId) {
    return refused({ code: 'KEY_MISMATCH', reason: "the record's key is not the accountId" });
  }
  switch (command.action) {
    case 'hold':
      return hold(office, command, arrived);
    case 'settle':
      return settle(office, command, arrived);
    case 'post':
      return postTransaction(office, command, arrived);
  }
}

function hold(office: PostingOffice, command: HoldCommand, arrived: Arrived): Answer {
  const { holds, accounts, identities } = office.stores;
  const { accountId, holdId, details } = command;
  const identity = identityOf(accountId, holdId);
  const content = contentOf(command);
  const known = holds.get(identity);
  if (known !== undefined) {
    if (known.content !== content) return refused({ code: 'HOLD_CONFLICT', reason: 'another hold has this id' });
    return known.status === 'refused' ? { status: 'refused', code: known.code!, reason: known.reason! } : DONE;
  }
  const judged = judgeHold(office, command, arrived);
  const { amount, currency } = command;
  if ('code' in judged) {
    const { code, reason } = judged;
    // Remembered as well: a command that comes again later, when there are funds, must not be answered otherwise.
    holds.put(identity, {
      status: 'refused',
      content,
      amount: '0',
      currency: '',
      exponent: 0,
      details: {},
      code,
      reason,
    });
    return refused(judged);
  }
  const account = place(office.account(accountId), judged);
  accounts.put(accountId, account);
  // The identity is taken from now on: no transaction may come in under the name of the one that settling will post.
  identities.put(identity, content);
  holds.put(identity, { status: 'placed', content, amount, currency, exponent: judged.exponent, details });
  office.tell(arrived.key, { balances: balancesOf(accountId, account, timeText(judged)) });
  return { ...DONE, currency };
}

function judgeHold(office: PostingOffice, command: HoldCommand, arrived: Arrived): Transaction | Refusal {
  const judged = office.judge(asRequest(command), arrived);
  if ('code' in judged) {
    const isTaken = judged.code === 'DUPLICATE';
    return isTaken ? { code: 'CONFLICT', reason: 'a transaction is posted under this id' } : judged;
  }
  const held = office.account(judged.accountId).balances.get(judged.currency)?.held ?? 0n;
  return held + judged.minor > MINOR_UNITS_MAX
    ? { code: 'BALANCE_OUT_OF_RANGE', reason: 'the holds would have more minor units than 64 bits hold' }
    : judged;
}

function settle(office: PostingOffice, command: SettleCommand, arrived: Arrived): Answer {
  const { holds, accounts } = office.stores;
  const { accountId, holdId } = command;
  const identity = identityOf(accountId, holdId);
  const known = holds.get(identity);
  const refusal = checkSettlement(known, command);
  const figures = known?.status === 'settled' ? { currency: known.currency, ...settledFigures(known) } : {};
  if (refusal !== undefined) return { ...refused(refusal), ...figures };
  if (known!.status === 'settled') return { ...DONE, ...figures };
  const hold = known!;
  const minor = parseMinorUnits(command.take, hold.exponent) as bigint;
  const occurredAt = office.momentOf(command.occurredAt) ?? arrived.record.timestamp;
  const account = release(office.account(accountId), hold);
  const debit = debitOf(hold, command, minor, occurredAt);
  if (minor > 0n) {
    const booked = account.balances.get(hold.currency)!.booked - minor;
    if (booked < -MINOR_UNITS_MAX) {
      return refused({ code: 'BALANCE_OUT_OF_RANGE', reason: `the balance would be ${booked} minor units` });
    }
    office.post(debit, arrived, account);
  } else {
    accounts.put(accountId, account);
    office.tell(arrived.key, { balances: balancesOf(accountId, account, timeText(debit)) });
  }
  const settled: Hold = { ...hold, status: 'settled', taken: command.take };
  holds.put(identity, settled);
  return { ...DONE, currency: hold.currency, ...settledFigures(settled) };
}

function postTransaction(office: PostingOffice, command: PostCommand, arrived: Arrived): Answer {
  let input: ReturnType<typeof toTransactionInput>;
  try {
    input = toTransactionInput(command.transaction);
  } catch (error) {
    return refused({ code: 'FIELD_MISSING', reason: (error as Error).message });
  }
  const judged = office.judge(input, arrived);
  if (!('code' in judged)) {
    office.post(judged, arrived);
    return { ...DONE, currency: judged.currency };
  }
  return judged.code === 'DUPLICATE' ? DONE : refused(judged);
}

function refused({ code, reason }: Refusal): Answer {
  return { status: 'refused', code, reason: maskCardNumbers(reason) };
}

function timeText({ occurredAt }: Transaction): string {
  return new Date(occurredAt).toISOString();
}
