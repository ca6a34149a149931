import { z } from 'zod';
import { IDENTIFIER_LENGTH_MAX } from '../../../../topologies/account-ledger/events.ts';

/** What comes and goes over HTTP. The routes validate with these, and the OpenAPI document is made from them. */

export const identifier = z
  .string()
  .min(1)
  .max(IDENTIFIER_LENGTH_MAX)
  .regex(/\S/, 'must not be blank')
  .describe('1 to 200 characters, not blank, nothing that looks like a card number');

export const money = z.string().describe("Decimal text with exactly the currency's decimals");
const time = z.string().describe('RFC 3339');
const currencyCode = z.string().describe('ISO 4217 code');

export const position = z
  .object({ topic: z.string(), partition: z.int().min(0), offset: z.int().min(0) })
  .describe('Where the record stands in the log')
  .meta({ id: 'Position' });

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable; what a program is to look at'),
    results: z.array(z.unknown()).optional().describe('Of a batch of which nothing was taken: each item'),
  })
  .describe('RFC 9457')
  .meta({ id: 'Problem' });

/** Of the fields, only what attributes a transaction is looked at here: the ledger judges the rest, as with every other input. */
export const transactionItem = z
  .looseObject({
    transactionId: identifier,
    accountId: identifier,
    direction: z.unknown().optional().describe('credit or debit'),
    amount: z
      .unknown()
      .optional()
      .meta({
        description: "A text with exactly the currency's decimals; a JSON number is refused, for it loses digits",
        examples: ['12.50'],
      }),
    currency: z
      .unknown()
      .optional()
      .meta({ description: 'ISO 4217 code', examples: ['EUR'] }),
    occurredAt: z
      .unknown()
      .optional()
      .meta({ description: 'RFC 3339', examples: ['2026-01-31T12:00:00Z'] }),
    kind: z.unknown().optional().describe('posting: a settled fact; request: refused where funds are short'),
    channel: z.unknown().optional().describe('Optional text'),
    counterparty: z.unknown().optional().describe('Optional text'),
    description: z.unknown().optional().describe('Optional text; card numbers in it are masked'),
    reference: z.unknown().optional().describe('Optional text'),
  })
  .describe('Further fields are left out. What a rule of the ledger refuses comes as status refused with its code')
  .meta({ id: 'Transaction' });

export const accepted = z.object({
  index: z.int().min(0),
  status: z.literal('pending'),
  transactionId: z.string(),
  accountId: z.string(),
  position,
});

export const refusedItem = z.object({
  index: z.int().min(0),
  status: z.literal('refused'),
  problem: problemSchema,
});

export const itemResult = z.union([accepted, refusedItem]);
export const intakeAnswer = z.union([accepted, z.object({ results: z.array(itemResult) })]);

const identity = { accountId: z.string(), transactionId: z.string() };

export const postedFields = {
  sequence: z.int().min(1).describe('Number within the account, gapless'),
  direction: z.enum(['credit', 'debit']),
  amount: money,
  currency: currencyCode,
  occurredAt: time,
  kind: z.enum(['posting', 'request']),
  balanceAfter: money,
  availableAfter: money,
  isOverdrawn: z.boolean(),
  channel: z.string().optional(),
  counterparty: z.string().optional(),
  description: z.string().optional(),
  reference: z.string().optional(),
};

export const transactionStatus = z
  .union([
    z.object({ ...identity, status: z.literal('pending') }),
    z.object({ ...identity, status: z.literal('posted'), ...postedFields }),
    z.object({ ...identity, status: z.literal('refused'), code: z.string(), reason: z.string() }),
  ])
  .meta({ id: 'TransactionStatus' });
export type TransactionStatus = z.output<typeof transactionStatus>;

export const postedTransaction = z.object({ transactionId: z.string(), ...postedFields });
export type PostedTransaction = z.output<typeof postedTransaction>;

export const transactionList = z
  .object({
    accountId: z.string(),
    lastSequence: z.int().min(0).describe('Of the account, as the engine has it: the list may be a second behind'),
    transactions: z.array(postedTransaction),
    cursor: z.string().optional().describe('Gives the next page; none on the last'),
  })
  .meta({ id: 'TransactionList' });

export const accountBalance = z
  .object({
    accountId: z.string(),
    sequence: z.int().min(0).describe('Of the last transaction'),
    balances: z.array(z.object({ currency: currencyCode, booked: money, held: money, available: money })),
  })
  .meta({ id: 'AccountBalance' });

export const accountParams = z.object({ accountId: identifier });
export const transactionParams = z.object({ accountId: identifier, transactionId: identifier });

/** What a page gave, to be given back as it is. */
export const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,2000}$/, 'must be what a page gave')
  .describe('Of the page before');

/** A whole number in a query, written in digits. */
export function wholeNumber(min: number, max: number, preset: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .default(preset);
}
