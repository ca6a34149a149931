import { setTimeout as sleep } from 'node:timers/promises';

/** What an account's list must come to within this time: ClickHouse is behind by all that was taken in meanwhile. */
const CAUGHT_UP_MAX_MS = 120_000;
const LOOK_EVERY_MS = 200;
const PAGE = 500;
const ASKED_MAX = 30;

export interface Taken {
  readonly accountId: string;
  readonly transactionId: string;
}

export interface Found {
  readonly posted: number;
  readonly refused: number;
  /** Acknowledged and not there: must be empty. */
  readonly lost: readonly Taken[];
  /** Posted more than once, or under a sequence that leaves a gap: must be empty. */
  readonly wrong: readonly string[];
}

interface Page {
  readonly lastSequence: number;
  readonly transactions: readonly { readonly transactionId: string; readonly sequence: number }[];
  readonly cursor?: string;
}

/** Looks for everything that was acknowledged, through the public API alone. */
export async function findAll(address: string, taken: readonly Taken[]): Promise<Found> {
  const byAccount = new Map<string, Taken[]>();
  for (const each of taken) {
    const sent = byAccount.get(each.accountId) ?? [];
    if (sent.length === 0) byAccount.set(each.accountId, sent);
    sent.push(each);
  }
  let [posted, refused] = [0, 0];
  const lost: Taken[] = [];
  const wrong: string[] = [];
  for (const [accountId, sent] of byAccount) {
    const sequences = await sequencesOf(address, accountId, wrong);
    for (const each of sent) {
      if (sequences.has(each.transactionId)) {
        posted++;
        continue;
      }
      const status = await statusOf(address, each);
      if (status === 'posted') posted++;
      else if (status === 'refused') refused++;
      else lost.push(each);
    }
  }
  return { posted, refused, lost, wrong };
}

/** posted, refused, pending, or unknown. */
export async function statusOf(address: string, { accountId, transactionId }: Taken, waitMs = 0): Promise<string> {
  const path = `/accounts/${accountId}/transactions/${transactionId}?waitMs=${waitMs}`;
  const response = await ask(`${address}${path}`);
  const { status } = (await response.json()) as { readonly status: string | number };
  return typeof status === 'string' ? status : status === 404 ? 'unknown' : `problem ${status}`;
}

/** Limits are kept by who asks: it waits as long as it is told. */
async function ask(url: string): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url);
    const isRefused = response.status === 429 || response.status === 503;
    if (!isRefused || attempt === ASKED_MAX) return response;
    await response.text();
    await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000);
  }
}

async function sequencesOf(address: string, accountId: string, wrong: string[]): Promise<ReadonlyMap<string, number>> {
  const until = Date.now() + CAUGHT_UP_MAX_MS;
  for (;;) {
    const { sequences, isComplete, problems } = await listOf(address, accountId);
    if (isComplete || Date.now() > until) {
      wrong.push(...problems);
      if (!isComplete) wrong.push(`${accountId}: ClickHouse did not catch up`);
      return sequences;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function listOf(address: string, accountId: string) {
  const sequences = new Map<string, number>();
  const problems: string[] = [];
  let cursor: string | undefined = '';
  let expected: number | undefined;
  let newest = 0;
  let lastSequence = 0;
  while (cursor !== undefined) {
    const query: string = `limit=${PAGE}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const response = await ask(`${address}/accounts/${accountId}/transactions?${query}`);
    if (response.status === 404) return { sequences, isComplete: true, problems };
    const page = (await response.json()) as Page;
    lastSequence = page.lastSequence;
    for (const { transactionId, sequence } of page.transactions) {
      newest = Math.max(newest, sequence);
      if (sequences.has(transactionId)) problems.push(`${accountId}: ${transactionId} is posted twice`);
      if (expected !== undefined && sequence !== expected) problems.push(`${accountId}: a gap above ${sequence}`);
      sequences.set(transactionId, sequence);
      expected = sequence - 1;
    }
    cursor = page.cursor;
  }
  if (expected !== 0)
    problems.push(`${accountId}: the first sequence is ${expected === undefined ? 'missing' : expected + 1}`);
  return { sequences, isComplete: newest === lastSequence, problems };
}
