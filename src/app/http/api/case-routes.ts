import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  CASE_STATUSES,
  type CaseCommand,
  type ReconciliationCase,
  type RejectedCommand,
} from '../../../../topologies/reconciliation/events.ts';
import { RECONCILIATION_TOPICS as TOPICS } from '../../../../topologies/reconciliation/topics.ts';
import type { Clock } from '../../../clock.ts';
import { partitionFor } from '../../../log/partitioner.ts';
import type { RecordPosition } from '../../../log/record.ts';
import { containsCardNumber } from '../../../privacy/card-numbers.ts';
import { listCases } from '../../cases/list-cases.ts';
import type { ApiBackend } from './api-backend.ts';
import { assignment, caseList, commandTaken, decision, reconciliationCase } from './atm-schemas.ts';
import { type IntakeDesk, onlyOutcome } from './intake.ts';
import { refuse } from './problem.ts';
import { type ApiAnswer, type ApiRequest, type Route, route } from './route.ts';
import { cursor as cursorSchema, wholeNumber } from './schemas.ts';
import { TailScan } from './tail-scan.ts';
import type { Waits } from './waits.ts';

export interface CaseRoutesOptions {
  readonly backend: ApiBackend;
  readonly desk: IntakeDesk;
  readonly waits: Waits;
  readonly clock: Clock;
}

/** How long the answer to a command waits for what becomes of it. */
const EFFECT_WAIT_MAX_MS = 10_000;
/** Refused commands are few: people give them. */
const REFUSALS_MAX = 1_000_000;
const LIMIT_MAX = 500;
const LIMIT_DEFAULT = 100;

const caseParams = z.object({ caseId: z.string().min(1).max(300) });
const answers = {
  200: { description: 'The case after it', schema: reconciliationCase },
  202: { description: 'On disk, but not processed in time', schema: commandTaken },
};
const problems = [400, 404, 409, 413, 415, 422, 429, 503];

type Command = Omit<CaseCommand, 'commandId' | 'caseId'>;

export function caseRoutes({ backend, desk, waits, clock }: CaseRoutesOptions): readonly Route[] {
  const send = async (request: ApiRequest<{ caseId: string }>, command: Command): Promise<ApiAnswer> => {
    const { caseId } = request.params;
    const { terminalId } = await required(backend, caseId);
    refuseCardNumbers(command);
    const key = Buffer.from(terminalId);
    const partition = partitionFor(key, (await backend.watermarks(TOPICS.commands)).length);
    const value = Buffer.from(JSON.stringify({ commandId: randomUUID(), caseId, ...command } satisfies CaseCommand));
    return desk.take(request, {
      drafts: [{ record: { topic: TOPICS.commands, partition, timestamp: clock(), key, value } }],
      answer: (outcomes) => effectOf(backend, waits, caseId, onlyOutcome(outcomes), request.ending),
    });
  };
  return [
    route({
      method: 'GET',
      path: '/cases',
      operationId: 'listCases',
      tag: 'Cases',
      summary: 'Withdrawals that a person must look at: those that wait longest first, the resolved ones last',
      query: z.strictObject({
        status: z.enum(CASE_STATUSES).optional(),
        terminalId: z.string().max(200).optional(),
        limit: wholeNumber(1, LIMIT_MAX, LIMIT_DEFAULT),
        cursor: cursorSchema.optional(),
      }),
      answers: { 200: { description: 'A page, without histories', schema: caseList } },
      problems: [400, 429, 503],
      handle: async ({ query: { status, terminalId, limit, cursor } }) => {
        const all = await listCases(backend, { status, terminalId });
        const from = cursor === undefined ? 0 : all.findIndex(isBehind(cursor));
        const page = from === -1 ? [] : all.slice(from, from + limit);
        const hasMore = from !== -1 && all.length > from + limit;
        const cases = page.map(({ history: _history, ...summary }) => summary);
        return { status: 200, body: { cases, ...(hasMore ? { cursor: cursorOf(page.at(-1)!) } : {}) } };
      },
    }),
    route({
      method: 'GET',
      path: '/cases/{caseId}',
      operationId: 'getCase',
      tag: 'Cases',
      summary: 'A case with its whole history',
      params: caseParams,
      answers: { 200: { description: 'The case', schema: reconciliationCase } },
      problems: [400, 404, 429, 503],
      handle: async ({ params }) => ({ status: 200, body: await required(backend, params.caseId) }),
    }),
    route({
      method: 'POST',
      path: '/cases/{caseId}/assign',
      operationId: 'assignCase',
      tag: 'Cases',
      summary: 'Gives a case to a person',
      params: caseParams,
      body: assignment,
      takesIdempotencyKey: true,
      answers,
      problems,
      handle: async (request) => {
        const { by, to, note } = request.body;
        return send(request, { action: 'assign', by, to, ...(note === undefined ? {} : { note }) });
      },
    }),
    route({
      method: 'POST',
      path: '/cases/{caseId}/resolve',
      operationId: 'resolveCase',
      tag: 'Cases',
      summary: 'Decides a case: what moves money needs two different persons',
      params: caseParams,
      body: decision,
      takesIdempotencyKey: true,
      answers,
      problems,
      handle: async (request) => {
        const { by, decision: decided, taken, note } = request.body;
        return send(request, {
          action: 'resolve',
          by,
          decision: decided,
          ...(taken === undefined ? {} : { taken }),
          ...(note === undefined ? {} : { note }),
        });
      },
    }),
  ];
}

async function required(backend: ApiBackend, caseId: string): Promise<ReconciliationCase> {
  const found = await backend.findCase(caseId);
  if (found === undefined) throw refuse(404, 'CASE_UNKNOWN', 'There is no such case');
  return found;
}

function refuseCardNumbers({ by, to, note }: Command): void {
  for (const [name, text] of Object.entries({ by, to, note })) {
    if (text !== undefined && containsCardNumber(text)) {
      throw refuse(422, 'CARD_NUMBER', `${name} holds what looks like a card number; it must not come in`);
    }
  }
}

type Effect = { readonly changed: ReconciliationCase } | { readonly refusal: RejectedCommand } | undefined;

/** The case once the command stands in its history, or why it was refused. */
async function effectOf(
  backend: ApiBackend,
  waits: Waits,
  caseId: string,
  position: RecordPosition,
  ending: AbortSignal,
): Promise<ApiAnswer> {
  const refusals = new TailScan(
    backend,
    {
      ...position,
      topic: TOPICS.rejected,
      offset: (await backend.watermarks(TOPICS.rejected))[position.partition]!.start,
    },
    REFUSALS_MAX,
    () => true,
  );
  const look = async (): Promise<Effect> => {
    const found = await backend.findCase(caseId);
    if (found?.history.some((entry) => isAt(entry, position)) === true) return { changed: found };
    let refusal: RejectedCommand | undefined;
    await refusals.read((batch, index) => {
      const value = batch.valueAt(index);
      if (value === null) return false;
      const rejected = backend.decode(TOPICS.rejected, value, batch.headersAt(index)) as RejectedCommand;
      if (isAt(rejected.source, position)) refusal = rejected;
      return refusal !== undefined;
    });
    return refusal === undefined ? undefined : { refusal };
  };
  // What two persons have decided is done when the ledger has answered.
  const isSettled = (seen: Effect) => seen !== undefined && ('refusal' in seen || seen.changed.status !== 'resolving');
  const effect = await waits.until(look, isSettled, EFFECT_WAIT_MAX_MS, ending);
  if (effect === undefined) return { status: 202, body: { caseId, status: 'pending', position } };
  if ('refusal' in effect) throw refuse(409, effect.refusal.code, effect.refusal.reason);
  return { status: 200, body: effect.changed };
}

function isAt(entry: RecordPosition, { topic, partition, offset }: RecordPosition): boolean {
  return entry.topic === topic && entry.partition === partition && entry.offset === offset;
}

type Place = readonly [rank: number, openedAt: string, caseId: string];
const placeSchema = z.tuple([z.int(), z.string(), z.string()]);

function placeOf({ status, openedAt, caseId }: ReconciliationCase): Place {
  return [CASE_STATUSES.indexOf(status), openedAt, caseId];
}

function cursorOf(last: ReconciliationCase): string {
  return Buffer.from(JSON.stringify(placeOf(last))).toString('base64url');
}

/** Whether a case comes after the one that a cursor names, in the order of the list. */
function isBehind(cursor: string): (each: ReconciliationCase) => boolean {
  let after: Place;
  try {
    after = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw refuse(400, 'CURSOR_INVALID', 'The cursor is none that a page gave');
  }
  return (each) => {
    const [rank, openedAt, caseId] = placeOf(each);
    if (rank !== after[0]) return rank > after[0];
    return openedAt === after[1] ? caseId > after[2] : openedAt > after[1];
  };
}
