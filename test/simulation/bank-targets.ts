import { LEDGER, systemsOf, topicsOf } from '../../src/app/systems.ts';
import { traffic } from '../../src/app/traffic/traffic.ts';
import { WithdrawalTraffic } from '../../src/app/traffic/withdrawal-traffic.ts';
import { jsonSerde } from '../../src/serde/json.ts';
import type { FinalLog } from '../../src/testing/simulation/final-log.ts';
import type { Draw, SimulatedInput, SimulationOptions } from '../../src/testing/simulation/simulation-options.ts';
import { TOPICS } from '../../topologies/account-ledger/topics.ts';
import { ATM_TOPICS } from '../../topologies/atm-dispense/topics.ts';
import { RECONCILIATION_TOPICS } from '../../topologies/reconciliation/topics.ts';

const STORM_MS = 3_000;
const START_MS = Date.UTC(2026, 0, 1);
const ANSWER_WITHIN_MS = 1_000;
/** By then everything is due that anybody waits for. */
const LAST_TICK_MS = 40 * 86_400_000;
const json = jsonSerde<Record<string, unknown>>();
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

function* transactions(random: Draw, count: number): Generator<SimulatedInput> {
  const accounts = 1 + random.below(6);
  const all = traffic({ random, clock: () => START_MS + random.below(STORM_MS), run: 'sim', accounts });
  for (let i = 0; i < count; i++) {
    const value = all.next().value;
    yield { topic: TOPICS.transactions, key: Buffer.from(value.accountId!), value: bytes(value) };
  }
}

function* withdrawals(random: Draw): Generator<SimulatedInput> {
  const options = { random, startAt: START_MS, run: 'sim', perSecond: 1.5, answerWithinMs: ANSWER_WITHIN_MS };
  const all = new WithdrawalTraffic(options).due(START_MS + STORM_MS);
  for (const { topic, key, value, at } of all) {
    yield { topic, key: Buffer.from(key), value: bytes(value), atMs: at - START_MS };
  }
}

/** Time as the node tells it to the systems that keep deadlines. */
function* ticks(partitions: number): Generator<SimulatedInput> {
  for (const atMs of [1_000, 2_000, STORM_MS - 1]) {
    const at = START_MS + (atMs === STORM_MS - 1 ? LAST_TICK_MS : atMs);
    for (const topic of [ATM_TOPICS.timers, RECONCILIATION_TOPICS.timers]) {
      for (let partition = 0; partition < partitions; partition++) {
        yield { topic, key: null, value: bytes({ at }), partition, atMs };
      }
    }
  }
}

/** Legs of a transaction and currency must sum to zero, and sequences of an account count up from 1 without a gap. */
function wrongInLedger(log: FinalLog): string | undefined {
  const sums = new Map<string, bigint>();
  for (const posting of log.values(TOPICS.postings, json)) {
    const { transactionId, accountId, currency, direction, amount } = posting as Record<string, string>;
    void accountId;
    const place = `${transactionId} ${currency}`;
    const minor = BigInt(amount!.replace('.', ''));
    sums.set(place, (sums.get(place) ?? 0n) + (direction === 'credit' ? minor : -minor));
  }
  for (const [place, sum] of sums) if (sum !== 0n) return `postings of ${place} sum to ${sum}`;
  const sequences = new Map<string, number>();
  for (const transaction of log.values(TOPICS.accepted, json)) {
    const { accountId, sequence } = transaction as { accountId: string; sequence: number };
    const expected = (sequences.get(accountId) ?? 0) + 1;
    if (sequence !== expected) return `${accountId} has sequence ${sequence} where ${expected} should be`;
    sequences.set(accountId, sequence);
  }
  return undefined;
}

const systems = systemsOf({ answerWithinMs: ANSWER_WITHIN_MS });
const sinkTopics = [TOPICS.accepted, TOPICS.postings];

export const accountLedgerTarget: SimulationOptions = {
  applications: systems.filter(({ application }) => application === LEDGER),
  topics: topicsOf,
  sinkTopics,
  stormMs: STORM_MS,
  input: (random) => [...transactions(random, 20)],
  check: wrongInLedger,
};

export const atmDispenseTarget: SimulationOptions = {
  applications: systems,
  topics: topicsOf,
  sinkTopics,
  stormMs: STORM_MS,
  input: (random, { partitions }) => [...transactions(random, 6), ...withdrawals(random), ...ticks(partitions)],
  check: wrongInLedger,
};
