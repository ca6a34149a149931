import { z } from 'zod';
import { statusOf } from '../../../../topologies/atm-dispense/messages.ts';
import { checkResult, checkWithdrawal } from '../../../../topologies/atm-dispense/rules.ts';
import { ATM_TOPICS } from '../../../../topologies/atm-dispense/topics.ts';
import { withdrawalSerde } from '../../../../topologies/atm-dispense/withdrawal.ts';
import type { Clock } from '../../../clock.ts';
import { partitionFor } from '../../../log/partitioner.ts';
import { containsCardNumber } from '../../../privacy/card-numbers.ts';
import { isCardNumberAsAmount } from '../../../privacy/protect-transaction.ts';
import { ATM_DISPENSE } from '../../systems.ts';
import type { ApiBackend } from './api-backend.ts';
import type { ApiLimits } from './api-limits.ts';
import {
  dispenseResult,
  type WithdrawalAnswer,
  withdrawalRequest,
  withdrawalStatus,
  withdrawalTaken,
} from './atm-schemas.ts';
import { type Draft, type Intake, type IntakeDesk, onlyOutcome } from './intake.ts';
import { problem, refuse } from './problem.ts';
import { type Route, route } from './route.ts';
import { identifier, wholeNumber } from './schemas.ts';
import { groupPosition, ofKey, TailScan } from './tail-scan.ts';
import type { Waits } from './waits.ts';

const withdrawalId = '$response.body#/withdrawalId';
const LINKS = {
  status: { operationId: 'getWithdrawal', parameters: { withdrawalId } },
  dispense: { operationId: 'reportDispense', parameters: { withdrawalId } },
};

export interface WithdrawalRoutesOptions {
  readonly backend: ApiBackend;
  readonly desk: IntakeDesk;
  readonly waits: Waits;
  readonly limits: ApiLimits;
  readonly clock: Clock;
}

const withdrawalParams = z.object({ withdrawalId: identifier });

/** The rules about the form are asked here already: who sends a withdrawal waits for it, and had rather know at once. */
export function withdrawalRoutes(options: WithdrawalRoutesOptions): readonly Route[] {
  const { backend, desk, waits, limits, clock } = options;
  const intakeOf = async (topic: string, withdrawalId: string, checked: object): Promise<Intake> => ({
    drafts: [await draftOf(backend, topic, withdrawalId, checked, clock())],
    answer: (outcomes) => {
      const position = onlyOutcome(outcomes);
      const location = `/withdrawals/${encodeURIComponent(withdrawalId)}`;
      return { status: 202, body: { withdrawalId, status: 'pending', position }, headers: { location } };
    },
  });
  return [
    route({
      method: 'POST',
      path: '/withdrawals',
      operationId: 'requestWithdrawal',
      tag: 'Withdrawals',
      summary: 'Asks for a withdrawal: authorisation, and a hold in the ledger',
      body: withdrawalRequest,
      takesIdempotencyKey: true,
      answers: { 202: { description: 'On disk, and will be processed', schema: withdrawalTaken, links: LINKS } },
      problems: [400, 409, 413, 415, 422, 429, 503],
      handle: async (request) => {
        const { withdrawalId } = request.body;
        const checked = cardRefusal(request.body) ?? checkWithdrawal(withdrawalId, request.body);
        return desk.take(request, await intakeOf(ATM_TOPICS.withdrawals, withdrawalId, checked));
      },
    }),
    route({
      method: 'GET',
      path: '/withdrawals/{withdrawalId}',
      operationId: 'getWithdrawal',
      tag: 'Withdrawals',
      summary: 'Where a withdrawal is, with its whole history',
      description: 'With waitMs the answer comes when the ledger has decided, or when the time is over.',
      params: withdrawalParams,
      query: z.strictObject({
        waitMs: wholeNumber(0, limits.waitMsMax, 0).describe(
          'How long to wait while it is neither authorised nor refused',
        ),
      }),
      answers: { 200: { description: 'Its status', schema: withdrawalStatus } },
      problems: [400, 404, 429, 503],
      handle: async ({ params: { withdrawalId }, query: { waitMs }, ending }) => {
        const status = await waits.until(
          () => withdrawalOf(backend, withdrawalId, limits.scannedRecordsMax),
          (seen) => seen?.state !== 'PENDING' && seen?.state !== 'REQUESTED',
          waitMs,
          ending,
        );
        if (status === undefined) throw refuse(404, 'WITHDRAWAL_UNKNOWN', 'There is no such withdrawal');
        return { status: 200, body: status };
      },
    }),
    route({
      method: 'POST',
      path: '/withdrawals/{withdrawalId}/dispense',
      operationId: 'reportDispense',
      tag: 'Withdrawals',
      summary: 'What a terminal says of a withdrawal',
      description: 'May come twice, late, or before the withdrawal itself. The same again says nothing new.',
      params: withdrawalParams,
      body: dispenseResult,
      takesIdempotencyKey: true,
      answers: { 202: { description: 'On disk, and will be processed', schema: withdrawalTaken } },
      problems: [400, 409, 413, 415, 422, 429, 503],
      handle: async (request) => {
        const { withdrawalId } = request.params;
        const checked = cardRefusal(request.body) ?? checkResult(withdrawalId, { withdrawalId, ...request.body });
        return desk.take(request, await intakeOf(ATM_TOPICS.results, withdrawalId, checked));
      },
    }),
  ];
}

async function draftOf(
  backend: ApiBackend,
  topic: string,
  withdrawalId: string,
  checked: object,
  timestamp: number,
): Promise<Draft> {
  if ('code' in checked && 'reason' in checked) {
    return { problem: problem(422, String(checked.code), String(checked.reason)) };
  }
  const key = Buffer.from(withdrawalId);
  const partition = partitionFor(key, (await backend.watermarks(topic)).length);
  return { record: { topic, partition, timestamp, key, value: Buffer.from(JSON.stringify(checked)) } };
}

interface Amounts {
  readonly amount?: string | undefined;
  readonly taken?: string | undefined;
  readonly currency?: string | undefined;
  readonly notes?: z.output<typeof dispenseResult>['notes'];
}

/** The rules look at texts; amounts are digits by themselves, so here it counts whether they are money as they were sent. */
function cardRefusal({ amount, taken, currency, notes = [] }: Amounts) {
  const amounts = [amount, taken, ...notes.map(({ denomination }) => denomination)];
  const isFound =
    amounts.some((each) => isCardNumberAsAmount(each, currency)) ||
    notes.some(({ count }) => containsCardNumber(String(count)));
  return isFound ? { code: 'CARD_NUMBER', reason: 'an amount looks like a card number; none must come in' } : undefined;
}

/** From the engine's committed state, or else from what it has not processed yet. */
async function withdrawalOf(
  backend: ApiBackend,
  withdrawalId: string,
  scannedMax: number,
): Promise<WithdrawalAnswer | undefined> {
  const key = Buffer.from(withdrawalId);
  const topic = ATM_TOPICS.withdrawals;
  const partition = partitionFor(key, (await backend.watermarks(topic)).length);
  let isPending = false;
  const unprocessed = await groupPosition(backend, ATM_DISPENSE, topic, partition);
  await new TailScan(backend, unprocessed, scannedMax, ofKey(key)).read(() => {
    isPending = true;
    return true;
  });
  const value = await backend.stateValue(ATM_DISPENSE, 'withdrawals', partition, key);
  const known = value === undefined ? undefined : withdrawalSerde.deserialize(value);
  // Results that came before their withdrawal are known without it.
  if (known?.request !== undefined) return statusOf(known, known.request, known.history.at(-1)!.at) as WithdrawalAnswer;
  return isPending ? { withdrawalId, state: 'PENDING' } : undefined;
}
