/** The fields of a transaction as it comes in, in the order in which they are written to the log. */
export const TRANSACTION_FIELDS = [
  'transactionId',
  'accountId',
  'direction',
  'amount',
  'currency',
  'occurredAt',
  'kind',
  'channel',
  'counterparty',
  'description',
  'reference',
] as const;

export type TransactionField = (typeof TRANSACTION_FIELDS)[number];

/** Without these the ledger refuses every row, so that an input that has no source for one is refused whole. */
export const REQUIRED_FIELDS: readonly TransactionField[] = TRANSACTION_FIELDS.slice(0, 7);

export function isTransactionField(name: string): name is TransactionField {
  return (TRANSACTION_FIELDS as readonly string[]).includes(name);
}

/** `occurredAt` as `occurred_at`. */
export function snakeCase(field: TransactionField): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
