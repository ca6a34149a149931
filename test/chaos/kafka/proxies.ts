import type { SeededRandom } from '../../../src/random.ts';
import { freePorts } from '../../free-ports.ts';
import { type Brokers, startBrokers } from '../../kafka/brokers.ts';
import { type Fate, FaultyProxy } from './faulty-proxy.ts';

/** Requests of a commit and of the group, by their numbers in Kafka's protocol. */
const PRODUCE = 0;
const JOIN_GROUP = 11;
const SYNC_GROUP = 14;
const INIT_PRODUCER_ID = 22;
const ADD_PARTITIONS_TO_TXN = 24;
const ADD_OFFSETS_TO_TXN = 25;
const END_TXN = 26;
const TXN_OFFSET_COMMIT = 28;
const HARMED: ReadonlySet<number> = new Set([
  PRODUCE,
  JOIN_GROUP,
  SYNC_GROUP,
  INIT_PRODUCER_ID,
  ADD_PARTITIONS_TO_TXN,
  ADD_OFFSETS_TO_TXN,
  END_TXN,
  TXN_OFFSET_COMMIT,
]);

/** One request in so many of those that matter is harmed, and of the others. */
const HARM = 0.03;
const HARM_OTHERS = 0.0005;
/** Offsets that arrive late are what a zombie looks like to the brokers: more of them. */
const LATE_OFFSETS = 0.08;
/** Beyond the session's time (2,500 ms) and less than that of a transaction. */
export const LATE_MAX_MS = 6_000;
const HARMS: readonly Fate[] = ['late', 'cut', 'loseAnswer', 'loseAnswer', 'answerTwice', 'sendTwice'];

/** A killed broker's partitions get new leaders after three seconds and not nine: what nobody leads can't be attacked. */
const QUICK_FAILOVER = { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' };

export function fateOf(apiKey: number, random: SeededRandom): Fate {
  const draw = random.next();
  if (apiKey === TXN_OFFSET_COMMIT && draw < LATE_OFFSETS) return 'late';
  const harm = HARMED.has(apiKey) ? HARM : HARM_OTHERS;
  if (draw >= harm) return 'pass';
  const fate = HARMS[random.below(HARMS.length)]!;
  // Only what brokers know how to meet twice may be sent twice: a number of sequence, or the same answer for the same end.
  return fate === 'sendTwice' && apiKey !== PRODUCE && apiKey !== END_TXN ? 'late' : fate;
}

/** What passed the proxies. */
export interface ProxyTally {
  /** Requests that end a transaction, one for each commit or abort that came so far. */
  commits: number;
  /** Harmed requests. */
  readonly fates: Record<string, number>;
}

/** Brokers whose clients reach them through proxies, with a tally of what the proxies did. */
export class ProxiedBrokers {
  readonly brokers: Brokers;
  readonly tally: ProxyTally;
  readonly #proxies: readonly FaultyProxy[];

  private constructor(brokers: Brokers, proxies: readonly FaultyProxy[], tally: ProxyTally) {
    this.brokers = brokers;
    this.#proxies = proxies;
    this.tally = tally;
  }

  static async start(count: 1 | 3, random: SeededRandom): Promise<ProxiedBrokers> {
    const ports = await freePorts(count);
    const brokers = await startBrokers({ count, advertisedPorts: ports, properties: QUICK_FAILOVER });
    const tally: ProxyTally = { commits: 0, fates: {} };
    const onFate = (fate: Fate, apiKey: number) => {
      if (apiKey === END_TXN) tally.commits++;
      if (fate !== 'pass') tally.fates[fate] = (tally.fates[fate] ?? 0) + 1;
    };
    const proxies = brokers.processes.map(
      ({ plan }) => new FaultyProxy({ targetPort: plan.port, random, fateOf, lateMaxMs: LATE_MAX_MS, onFate }),
    );
    for (const [i, proxy] of proxies.entries()) await proxy.listen(ports[i]!);
    return new ProxiedBrokers(brokers, proxies, tally);
  }

  /** For clients: any broker, through its proxy. */
  get bootstrap(): string {
    return this.#proxies.map((proxy) => `127.0.0.1:${proxy.port}`).join(',');
  }

  /** From now on all requests pass. Returns what happened until now. */
  calm(): ProxyTally {
    for (const proxy of this.#proxies) proxy.isCalm = true;
    return structuredClone(this.tally);
  }

  async close(): Promise<void> {
    for (const proxy of this.#proxies) proxy.close();
    await this.brokers.close();
  }
}
