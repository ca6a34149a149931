import { z } from 'zod';
import { TOPICS } from '../../../../topologies/account-ledger/topics.ts';
import type { Clock } from '../../../clock.ts';
import { partitionFor } from '../../../log/partitioner.ts';
import { protectTransaction } from '../../../privacy/protect-transaction.ts';
import { TRANSACTION_FIELDS } from '../../input/transaction-fields.ts';
import type { ApiBackend } from './api-backend.ts';
import type { ApiLimits } from './api-limits.ts';
import type { Draft, IntakeDesk, ItemOutcome } from './intake.ts';
import type { Metrics } from './metrics.ts';
import { issueText, ProblemError, problem, refuse } from './problem.ts';
import { type ApiAnswer, type Route, route } from './route.ts';
import { intakeAnswer, transactionItem, transactionParams, transactionStatus, wholeNumber } from './schemas.ts';
import { TransactionWatch } from './transaction-watch.ts';
import type { Waits } from './waits.ts';

export interface TransactionRoutesOptions {
  readonly backend: ApiBackend;
  readonly desk: IntakeDesk;
  readonly limits: ApiLimits;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly waits: Waits;
}

export function transactionRoutes(options: TransactionRoutesOptions): readonly Route[] {
  const { backend, desk, waits, limits, clock, metrics } = options;
  const batch = z.array(transactionItem).min(1).max(limits.itemsMax);
  return [
    route({
      method: 'POST',
      path: '/transactions',
      operationId: 'postTransactions',
      tag: 'Transactions',
      summary: 'Takes in one transaction, or an array of them',
      description:
        'Answers when the items taken are on disk, all in one commit. Each item is judged by itself: one that can not ' +
        'be attributed is refused, and the others are taken. What the ledger makes of an item is told by its status.',
      body: z.union([z.looseObject({}), z.array(z.unknown()).min(1).max(limits.itemsMax)]),
      shownBody: z.union([transactionItem, batch]),
      takesIdempotencyKey: true,
      answers: { 202: { description: 'On disk, and will be processed', schema: intakeAnswer } },
      problems: [400, 409, 413, 415, 422, 429, 503],
      handle: async (request) => {
        const partitions = (await backend.watermarks(TOPICS.transactions)).length;
        const isBatch = Array.isArray(request.body);
        const items: readonly unknown[] = Array.isArray(request.body) ? request.body : [request.body];
        return desk.take(request, {
          drafts: items.map((item) => draftOf(item, partitions, clock())),
          answer: (outcomes) => {
            const refused = outcomes.filter((outcome) => 'problem' in outcome).length;
            metrics.items('refused', refused);
            metrics.items('accepted', outcomes.length - refused);
            return answerOf(items, outcomes, isBatch);
          },
        });
      },
    }),
    route({
      method: 'GET',
      path: '/accounts/{accountId}/transactions/{transactionId}',
      operationId: 'getTransaction',
      tag: 'Transactions',
      summary: 'What became of a transaction',
      description:
        'pending: taken in, not processed; posted: with its sequence and the balance after it; refused: with the code ' +
        'of the rule. With waitMs the answer comes when it is settled, or when the time is over.',
      params: transactionParams,
      query: z.strictObject({
        waitMs: wholeNumber(0, limits.waitMsMax, 0).describe('How long to wait while it is pending'),
      }),
      answers: { 200: { description: 'Its status', schema: transactionStatus } },
      problems: [400, 404, 429, 503],
      handle: async ({ params, query, ending }) => {
        const watch = new TransactionWatch(backend, params.accountId, params.transactionId, limits.scannedRecordsMax);
        const status = await waits.until(
          () => watch.look(),
          (seen) => seen?.status !== 'pending',
          query.waitMs,
          ending,
        );
        if (status === undefined) throw refuse(404, 'TRANSACTION_UNKNOWN', 'The account has no such transaction');
        return { status: 200, body: status };
      },
    }),
  ];
}

function draftOf(item: unknown, partitions: number, timestamp: number): Draft {
  const checked = transactionItem.safeParse(item);
  if (!checked.success) return { problem: problem(422, 'TRANSACTION_INVALID', issueText(checked.error)) };
  const fields: Record<string, unknown> = Object.create(null);
  for (const name of TRANSACTION_FIELDS) {
    if (Object.hasOwn(item as object, name)) fields[name] = (item as Record<string, unknown>)[name];
  }
  const safe = protectTransaction(fields);
  if ('refusal' in safe) return { problem: problem(422, 'TRANSACTION_INVALID', safe.refusal) };
  const key = Buffer.from(checked.data.accountId);
  const value = Buffer.from(JSON.stringify(safe.fields));
  return { record: { topic: TOPICS.transactions, partition: partitionFor(key, partitions), timestamp, key, value } };
}

function answerOf(items: readonly unknown[], outcomes: readonly ItemOutcome[], isBatch: boolean): ApiAnswer {
  const results = outcomes.map((outcome, index) => {
    if ('problem' in outcome) return { index, status: 'refused' as const, problem: outcome.problem };
    const { transactionId, accountId } = items[index] as { readonly transactionId: string; readonly accountId: string };
    return { index, status: 'pending' as const, transactionId, accountId, position: outcome.position };
  });
  const [first] = results;
  const isNothingTaken = results.every(({ status }) => status === 'refused');
  if (isNothingTaken && !isBatch && first?.status === 'refused') throw new ProblemError(first.problem);
  if (isNothingTaken) {
    const none = problem(422, 'NOTHING_TAKEN', 'Every item was refused; results says why');
    return { status: 422, type: 'application/problem+json', body: { ...none, results } };
  }
  if (isBatch || first?.status !== 'pending') return { status: 202, body: { results } };
  const location = `/accounts/${encodeURIComponent(first.accountId)}/transactions/${encodeURIComponent(first.transactionId)}`;
  return { status: 202, body: first, headers: { location } };
}
