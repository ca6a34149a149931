import { bytesSerde, jsonSerde, stringSerde } from 'headrace';
import { type TestOutputTopic, TopologyTestDriver } from 'headrace/testing';
import type { TopicFormats } from '../../../src/app/formats/topic-formats.ts';
import { ledgerTopics } from '../../../topologies/account-ledger/topics.ts';
import { accountLedger } from '../../../topologies/account-ledger/topology.ts';
import { atmTopics } from '../../../topologies/atm-dispense/topics.ts';
import { atmDispense } from '../../../topologies/atm-dispense/topology.ts';
import { reconciliationTopics } from '../../../topologies/reconciliation/topics.ts';
import { reconciliation } from '../../../topologies/reconciliation/topology.ts';

const bytes = { key: bytesSerde, value: bytesSerde };
const ANSWER_WITHIN_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 31, 12);

/** From which system a topic comes, and who reads it. */
const LINKS = [
  ['ledger.commands', ['atm', 'reconciliation'], ['ledger']],
  ['ledger.outcomes', ['ledger'], ['atm', 'reconciliation']],
  ['atm.dispense.failed', ['atm'], ['reconciliation']],
  ['atm.settlements', ['reconciliation'], ['atm']],
] as const;
type SystemName = 'ledger' | 'atm' | 'reconciliation';

/** What stood on a topic, in order. */
export interface Said {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Uint8Array | null;
}

/** The bank's three systems with their topics in one format, and everything that they said. */
export class Systems {
  readonly said: Said[] = [];
  readonly #formats: TopicFormats;
  readonly #drivers: Readonly<Record<SystemName, TopologyTestDriver>>;
  #now = START_MS;

  constructor(formats: TopicFormats) {
    this.#formats = formats;
    const { valueSerde } = formats;
    const driver = { startTimeMs: START_MS } as const;
    this.#drivers = {
      ledger: new TopologyTestDriver(accountLedger({ valueSerde }), driver),
      atm: new TopologyTestDriver(atmDispense({ valueSerde, answerWithinMs: ANSWER_WITHIN_MS }), driver),
      reconciliation: new TopologyTestDriver(reconciliation({ valueSerde }), driver),
    };
  }

  /** A record of a producer that writes as the systems do; then everything runs until it is quiet. */
  send(system: SystemName, topic: string, key: string | null, value: unknown): void {
    const serdes = { key: stringSerde, value: this.#formats.valueSerde<unknown>(topic) };
    this.#drivers[system].inputTopic(topic, serdes).pipe(key, value, { timestamp: this.#now });
    this.#settle();
  }

  /** A record of a producer that writes JSON. */
  sendJson(system: SystemName, topic: string, key: string, value: unknown): void {
    const serdes = { key: stringSerde, value: jsonSerde<unknown>() };
    this.#drivers[system].inputTopic(topic, serdes).pipe(key, value, { timestamp: this.#now });
    this.#settle();
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
    this.send('atm', 'atm.timers', null, { at: this.#now });
    this.send('reconciliation', 'reconciliation.timers', null, { at: this.#now });
  }

  #settle(): void {
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (const [topic, from, to] of LINKS) {
        for (const name of from) {
          for (const { key, value, timestamp } of this.#drivers[name].outputTopic(topic, bytes).readAll()) {
            isBusy = true;
            this.#note(topic, key, value);
            for (const reader of to) {
              this.#drivers[reader].inputTopic(topic, bytes).pipe(key, value, { timestamp });
              // What came in is not said by who reads it.
              if (reader !== name) this.#drivers[reader].outputTopic(topic, bytes).readAll();
            }
          }
        }
      }
    }
    for (const name of ['ledger', 'atm', 'reconciliation'] as const) {
      for (const topic of this.#outputs(name)) {
        const output: TestOutputTopic<Uint8Array, Uint8Array> = this.#drivers[name].outputTopic(topic, bytes);
        for (const { key, value } of output.readAll()) this.#note(topic, key, value);
      }
    }
  }

  #note(topic: string, key: Uint8Array | null, value: Uint8Array | null): void {
    this.said.push({ topic, key: key === null ? null : Buffer.from(key).toString(), value });
  }

  /** Everything but the links, what comes in, and dead letters under their own name. */
  #outputs(name: SystemName): readonly string[] {
    const links = new Set<string>(LINKS.map(([topic]) => topic));
    const all = { ledger: ledgerTopics(1), atm: atmTopics(1), reconciliation: reconciliationTopics(1) }[name];
    const own = all.map((topic) => topic.name).filter((topic) => !links.has(topic) && !INPUTS.includes(topic));
    return [...own, ...DEAD_LETTERS[name]];
  }
}

const INPUTS: readonly string[] = [
  'transactions',
  'accounts',
  'atm.withdrawals',
  'atm.dispense-results',
  'atm.timers',
  'reconciliation.commands',
  'reconciliation.timers',
];
const DEAD_LETTERS: Readonly<Record<SystemName, readonly string[]>> = {
  ledger: ['transactions.dlq', 'accounts.dlq', 'ledger.commands.dlq'],
  atm: [
    'atm.withdrawals.dlq',
    'atm.dispense-results.dlq',
    'atm.timers.dlq',
    'ledger.outcomes.dlq',
    'atm.settlements.dlq',
  ],
  reconciliation: [
    'atm.dispense.failed.dlq',
    'reconciliation.commands.dlq',
    'ledger.outcomes.dlq',
    'reconciliation.timers.dlq',
  ],
};
