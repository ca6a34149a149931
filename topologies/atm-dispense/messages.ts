import { currencyExponent, formatMinorUnits } from 'headrace';
import type {
  DispenseResult,
  FailedDispense,
  FailedOutcome,
  LedgerRequest,
  WithdrawalRequest,
  WithdrawalStateName,
  WithdrawalStatus,
} from './events.ts';
import { parseAmount } from './rules.ts';
import type { Withdrawal } from './withdrawal.ts';

/** By which the ledger's answers are known as ours. */
export const REQUESTER = 'atm-dispense';

/** Of a withdrawal's hold, and of the transaction that its settlement posts. */
export function holdIdOf(withdrawalId: string): string {
  return `withdrawal:${withdrawalId}`;
}

export function holdOf(request: WithdrawalRequest): LedgerRequest {
  const { withdrawalId, accountId, terminalId, amount, currency, requestedAt, reference } = request;
  const holdId = holdIdOf(withdrawalId);
  return {
    commandId: `hold:${withdrawalId}`,
    requester: REQUESTER,
    replyKey: withdrawalId,
    accountId,
    action: 'hold',
    holdId,
    amount,
    currency,
    occurredAt: requestedAt,
    details: { channel: 'atm', counterparty: terminalId, reference: reference ?? withdrawalId },
  };
}

/** Posts the whole amount: the terminal says that it was taken. */
export function settlementOf(request: WithdrawalRequest, occurredAt: string): LedgerRequest {
  const { withdrawalId, accountId, amount } = request;
  return {
    commandId: `settle:${withdrawalId}`,
    requester: REQUESTER,
    replyKey: withdrawalId,
    accountId,
    action: 'settle',
    holdId: holdIdOf(withdrawalId),
    take: amount,
    occurredAt,
  };
}

export function statusOf(withdrawal: Withdrawal, request: WithdrawalRequest, updatedAt: string): WithdrawalStatus {
  const { state, version, taken, reversed, code, reason, caseId, history } = withdrawal;
  const nothing = amountText(0n, request.currency);
  return {
    ...request,
    state: state as WithdrawalStateName,
    version,
    taken: taken ?? nothing,
    reversed: reversed ?? nothing,
    updatedAt,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    ...(caseId === undefined ? {} : { caseId }),
    history,
  };
}

export interface Report {
  readonly outcome: FailedOutcome;
  readonly reason: string;
  readonly result: DispenseResult | undefined;
  readonly now: string;
}

export function failedOf(withdrawal: Withdrawal, { outcome, reason, result, now }: Report): FailedDispense {
  const { withdrawalId, request, reports, isPosted, history, early, reportedUnder = '', proven = '0' } = withdrawal;
  const about = { withdrawalId, number: reports, outcome, reason, isPosted, occurredAt: result?.occurredAt ?? now };
  if (request === undefined) {
    const waiting = early.map(({ result: { status }, source, at }) => ({
      event: `early ${status}`,
      state: 'NEW',
      at,
      ...source,
    }));
    const words = early.map(({ result: { status, taken } }) => (taken === undefined ? status : `${status} ${taken}`));
    return {
      ...about,
      reason: `${reason}; the terminal said ${words.join(', ')}`,
      accountId: '',
      terminalId: reportedUnder,
      amount: '0',
      currency: '',
      taken: '0',
      history: [...waiting, ...history],
    };
  }
  const { accountId, amount, currency } = request;
  const taken = result === undefined ? 0n : takenBy(request, result);
  const isRefused = history.some(({ event }) => event === 'refused');
  return {
    ...about,
    accountId,
    terminalId: reportedUnder,
    amount,
    currency,
    taken: amountText(taken, currency),
    proven: amountText(maximum(taken, parseAmount(proven, currency) as bigint), currency),
    ...(isRefused ? { isRefused } : {}),
    history,
  };
}

/**
 * What a result proves as taken, in minor units: never more than was asked for, for the machine was told no more, and nothing
 * where it speaks of another terminal's cash or of another currency.
 */
export function takenBy(request: WithdrawalRequest, result: DispenseResult): bigint {
  const { amount, currency, terminalId } = request;
  const asked = parseAmount(amount, currency) as bigint;
  if (result.terminalId !== terminalId || (result.currency !== undefined && result.currency !== currency)) return 0n;
  if (result.status === 'SUCCESS') return asked;
  const taken = result.taken === undefined ? 0n : parseAmount(result.taken, currency);
  return typeof taken !== 'bigint' ? 0n : taken > asked ? asked : taken;
}

function amountText(minor: bigint, currency: string): string {
  return formatMinorUnits(minor, currencyExponent(currency)!);
}

/** The most that is proven as taken once a result is heard, decimal text. */
export function provenWith({ proven = '0' }: Withdrawal, request: WithdrawalRequest, result: DispenseResult): string {
  const { currency } = request;
  return amountText(maximum(takenBy(request, result), parseAmount(proven, currency) as bigint), currency);
}

function maximum(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
