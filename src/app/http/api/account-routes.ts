import { z } from 'zod';
import { accountStateSerde } from '../../../../topologies/account-ledger/account-state.ts';
import { balancesOf } from '../../../../topologies/account-ledger/post.ts';
import { TOPICS } from '../../../../topologies/account-ledger/topics.ts';
import { partitionFor } from '../../../log/partitioner.ts';
import { LEDGER } from '../../systems.ts';
import type { ApiBackend } from './api-backend.ts';
import { transactionsBefore } from './ledger-queries.ts';
import { refuse } from './problem.ts';
import { type Route, route } from './route.ts';
import { accountBalance, accountParams, cursor as cursorSchema, transactionList, wholeNumber } from './schemas.ts';

const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 50;

export function accountRoutes(backend: ApiBackend): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/accounts/{accountId}/balance',
      operationId: 'getBalance',
      tag: 'Accounts',
      summary: 'What is booked, held and available',
      description: "From the engine's committed state: every transaction that is posted is in it.",
      params: accountParams,
      answers: { 200: { description: 'For each currency', schema: accountBalance } },
      problems: [400, 404, 429, 503],
      handle: async ({ params }) => {
        const account = await accountOf(backend, params.accountId);
        const { accountId, sequence, balances } = balancesOf(params.accountId, account, '');
        return { status: 200, body: { accountId, sequence, balances } };
      },
    }),
    route({
      method: 'GET',
      path: '/accounts/{accountId}/transactions',
      operationId: 'listTransactions',
      tag: 'Accounts',
      summary: 'The transactions of an account, newest first',
      description: 'From ClickHouse, which is about a second behind: lastSequence says how far the account is.',
      params: accountParams,
      query: z.strictObject({
        limit: wholeNumber(1, LIMIT_MAX, LIMIT_DEFAULT),
        cursor: cursorSchema.optional(),
      }),
      answers: { 200: { description: 'A page', schema: transactionList } },
      problems: [400, 404, 429, 503],
      handle: async ({ params: { accountId }, query: { limit, cursor } }) => {
        const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : sequenceOf(cursor);
        const { sequence } = await accountOf(backend, accountId);
        if (sequence === 0) return { status: 200, body: { accountId, lastSequence: 0, transactions: [] } };
        const found = await transactionsBefore(backend, accountId, before, limit + 1);
        const transactions = found.slice(0, limit);
        const next = found.length > limit ? { cursor: cursorOf(transactions.at(-1)!.sequence) } : {};
        return { status: 200, body: { accountId, lastSequence: sequence, transactions, ...next } };
      },
    }),
  ];
}

async function accountOf(backend: ApiBackend, accountId: string) {
  const key = Buffer.from(accountId);
  const partition = partitionFor(key, (await backend.watermarks(TOPICS.transactions)).length);
  const value = await backend.stateValue(LEDGER, 'accounts', partition, key);
  if (value === undefined) throw refuse(404, 'ACCOUNT_UNKNOWN', 'Nothing was posted to such an account');
  return accountStateSerde.deserialize(value);
}

const CURSOR_PREFIX = 'before:';

function cursorOf(sequence: number): string {
  return Buffer.from(`${CURSOR_PREFIX}${sequence}`).toString('base64url');
}

function sequenceOf(cursor: string): number {
  const sequence = /^before:([1-9]\d{0,14})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (sequence === undefined) throw refuse(400, 'CURSOR_INVALID', 'The cursor is none that a page gave');
  return Number(sequence);
}
