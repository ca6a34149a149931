import { z } from 'zod';
import { RESULT_STATUSES, WITHDRAWAL_STATES } from '../../../../topologies/atm-dispense/events.ts';
import { CASE_KINDS, CASE_STATUSES, DECISIONS } from '../../../../topologies/reconciliation/events.ts';
import { identifier, money, position } from './schemas.ts';

/** What comes and goes about withdrawals and their cases. */

const time = z.string().describe('RFC 3339');

const withdrawalFields = {
  withdrawalId: identifier,
  accountId: identifier,
  terminalId: identifier,
  amount: z.string().max(64).describe("Decimal text with exactly the currency's decimals"),
  currency: z.string().max(16).describe('ISO 4217 code'),
  requestedAt: z.string().max(64).describe('RFC 3339 with a zone'),
  reference: z.string().min(1).max(1_024).optional(),
};
export const withdrawalRequest = z.strictObject(withdrawalFields).meta({ id: 'WithdrawalRequest' });

export const dispenseResult = z
  .strictObject({
    terminalId: identifier,
    status: z.enum(RESULT_STATUSES),
    occurredAt: z.string().max(64).describe('RFC 3339 with a zone'),
    taken: z.string().max(64).optional().describe('What the customer took; PARTIAL needs it'),
    currency: z.string().min(1).max(16).optional(),
    notes: z
      .array(z.strictObject({ denomination: z.string().max(64), count: z.int().min(0) }))
      .max(32)
      .optional(),
    reason: z.string().min(1).max(1_024).optional(),
  })
  .meta({ id: 'DispenseResult' });

export const withdrawalTaken = z.object({ withdrawalId: z.string(), status: z.literal('pending'), position });

const place = { topic: z.string(), partition: z.int(), offset: z.int() };

export const withdrawalStatus = z
  .union([
    z.object({ withdrawalId: z.string(), state: z.literal('PENDING') }).describe('Taken in, not processed yet'),
    z.object({
      withdrawalId: z.string(),
      accountId: z.string(),
      terminalId: z.string(),
      amount: money,
      currency: z.string(),
      requestedAt: time,
      reference: z.string().optional(),
      state: z.enum(WITHDRAWAL_STATES),
      version: z.int(),
      taken: money,
      reversed: money,
      updatedAt: time,
      code: z.string().optional(),
      reason: z.string().optional(),
      caseId: z.string().optional(),
      history: z.array(z.object({ event: z.string(), state: z.string(), at: time, ...place })),
    }),
  ])
  .meta({ id: 'WithdrawalStatus' });
export type WithdrawalAnswer = z.output<typeof withdrawalStatus>;

const caseFields = {
  caseId: z.string(),
  withdrawalId: z.string(),
  accountId: z.string().describe('Empty where nobody knows whose it is'),
  terminalId: z.string(),
  kind: z.enum(CASE_KINDS),
  status: z.enum(CASE_STATUSES),
  reason: z.string(),
  amount: money,
  currency: z.string(),
  taken: money,
  posted: money.optional(),
  openedAt: time,
  updatedAt: time,
  version: z.int(),
  assignee: z.string().optional(),
  proposal: z
    .object({
      decision: z.enum(DECISIONS),
      by: z.string(),
      taken: money.optional().describe('What is to be posted in all afterwards'),
      note: z.string().optional(),
    })
    .optional(),
  resolution: z
    .object({
      decision: z.enum([...DECISIONS, 'by-rule']),
      persons: z.array(z.string()),
      moved: money,
      serialNumber: z.string().optional(),
    })
    .optional(),
};

const caseEntry = z.object({
  event: z.string(),
  state: z.string(),
  at: time,
  by: z.string().optional(),
  note: z.string().optional(),
  commandId: z.string().optional(),
  ...place,
});

export const reconciliationCase = z
  .object({ ...caseFields, history: z.array(caseEntry) })
  .meta({ id: 'ReconciliationCase' });
export const caseList = z.object({
  cases: z.array(z.object(caseFields)),
  cursor: z.string().optional().describe('Gives the next page; none on the last'),
});

const person = z.string().min(1).max(200).regex(/\S/, 'must not be blank');
const note = z.string().min(1).max(1_024).optional();
export const assignment = z.strictObject({ by: person, to: person, note }).meta({ id: 'Assignment' });
const taken = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\d{1,19}(\.\d{1,4})?$/, 'must be an amount such as "20.00"')
  .optional()
  .describe('What was taken, where persons know better than the terminal');
export const decision = z
  .strictObject({ by: person, decision: z.enum(DECISIONS), taken, note })
  .meta({ id: 'Decision' });
export const commandTaken = z.object({ caseId: z.string(), status: z.literal('pending'), position });
