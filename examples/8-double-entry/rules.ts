/** Money goes from one account to another. */
export interface Transfer {
  readonly from: string;
  readonly to: string;
  /** Whole cents, above zero. */
  readonly cents: number;
}

/** One leg of a transfer; the legs of each sum to zero. */
export interface Posting {
  readonly transferId: string;
  readonly account: string;
  /** Above zero: the account gets it. */
  readonly cents: number;
}

export type Refusal = 'NO_AMOUNT' | 'SAME_ACCOUNT' | 'DUPLICATE' | 'CONFLICT';

/** The legs of a transfer, or why it is refused. `before` is what was posted under the same id. */
export function postingsOf(
  transferId: string,
  transfer: Transfer,
  before: Transfer | undefined,
): readonly Posting[] | Refusal {
  const { from, to, cents } = transfer;
  if (!Number.isSafeInteger(cents) || cents <= 0) return 'NO_AMOUNT';
  if (from === to) return 'SAME_ACCOUNT';
  if (before !== undefined) return isSame(before, transfer) ? 'DUPLICATE' : 'CONFLICT';
  return [
    { transferId, account: from, cents: -cents },
    { transferId, account: to, cents },
  ];
}

function isSame(one: Transfer, other: Transfer): boolean {
  return one.from === other.from && one.to === other.to && one.cents === other.cents;
}
