import { bytesSerde, jsonSerde, stringSerde } from 'headrace';
import { type TestInputTopic, type TestOutputTopic, type TestRecord, TopologyTestDriver } from 'headrace/testing';
import type { AccountBalances, LedgerTransaction, Posting } from '../../../topologies/account-ledger/events.ts';
import { accountLedger } from '../../../topologies/account-ledger/topology.ts';
import type { FailedDispense, RejectedAtmRecord, WithdrawalStatus } from '../../../topologies/atm-dispense/events.ts';
import { atmDispense } from '../../../topologies/atm-dispense/topology.ts';
import type { Transition } from '../../../topologies/atm-dispense/transitions.ts';
import type { ReconciliationCase, RejectedCommand } from '../../../topologies/reconciliation/events.ts';
import type { EvidenceRule } from '../../../topologies/reconciliation/rules.ts';
import { reconciliation } from '../../../topologies/reconciliation/topology.ts';

const bytes = { key: bytesSerde, value: bytesSerde };
const json = <T>() => ({ key: stringSerde, value: jsonSerde<T>() });

/** From where to where records go between the three systems. */
const LINKS = [
  ['atm', 'ledger.commands', ['ledger']],
  ['reconciliation', 'ledger.commands', ['ledger']],
  ['ledger', 'ledger.outcomes', ['atm', 'reconciliation']],
  ['atm', 'atm.dispense.failed', ['reconciliation']],
  ['reconciliation', 'atm.settlements', ['atm']],
] as const;
type SystemName = 'ledger' | 'atm' | 'reconciliation';

export interface BankOptions {
  readonly startTimeMs: number;
  /** Of every topic (1). */
  readonly partitions?: number;
  readonly answerWithinMs?: number;
  readonly retryMs?: number;
  readonly transitions?: readonly Transition[];
  readonly rules?: readonly EvidenceRule[];
  /** Called before each commit of a system: true lets it crash first, so that all since its last commit is done again. */
  readonly crashes?: () => boolean;
  /** Whether what a system has said on a topic arrives now; what does not arrives later, in order. Always, unless told. */
  readonly delivers?: () => boolean;
}

/** Two systems, and what is on its way between them. */
interface Link {
  readonly topic: string;
  readonly from: TestOutputTopic<Uint8Array, Uint8Array>;
  readonly to: readonly TestInputTopic<Uint8Array, Uint8Array>[];
  readonly onItsWay: TestRecord<Uint8Array, Uint8Array>[][];
}

/**
 * The three systems around a withdrawal, each with a driver, commits and crashes of its own; what one has committed goes
 * to the others when {@link settle} says so.
 */
export class Bank {
  readonly systems: Readonly<Record<SystemName, TopologyTestDriver>>;
  readonly #options: BankOptions;
  readonly #links: readonly Link[];
  now: number;
  /** A topic whose records get lost on the way, as if each became a dead letter. */
  loses: string | undefined;
  readonly lost: TestRecord<Uint8Array, Uint8Array>[] = [];

  constructor(options: BankOptions) {
    this.#options = options;
    this.now = options.startTimeMs;
    const { startTimeMs, answerWithinMs, retryMs, transitions, rules } = options;
    const atm = {
      ...(answerWithinMs === undefined ? {} : { answerWithinMs }),
      ...(transitions === undefined ? {} : { transitions }),
    };
    const desk = { ...(retryMs === undefined ? {} : { retryMs }), ...(rules === undefined ? {} : { rules }) };
    const driver = { startTimeMs, commit: 'manual', partitions: options.partitions ?? 1 } as const;
    this.systems = {
      ledger: new TopologyTestDriver(accountLedger(), driver),
      atm: new TopologyTestDriver(atmDispense(atm), driver),
      reconciliation: new TopologyTestDriver(reconciliation(desk), driver),
    };
    this.#links = LINKS.map(([from, topic, to]) => ({
      topic,
      from: this.systems[from].outputTopic(topic, bytes),
      to: to.map((name) => this.systems[name].inputTopic(topic, bytes)),
      onItsWay: to.map(() => []),
    }));
  }

  /** Lets a record come in; nothing else happens until the systems commit. */
  send(system: SystemName, topic: string, key: string | null, value: unknown): void {
    this.systems[system].inputTopic(topic, json()).pipe(key, value, { timestamp: this.now });
  }

  /** Commits one system, and crashes it before where the options say so. */
  commit(system: SystemName): void {
    if (this.#options.crashes?.() === true) this.systems[system].crash();
    this.systems[system].commit();
  }

  /** Lets every system commit and takes what it said to the others, until nobody says anything more. */
  settle(): void {
    while (this.talk());
  }

  /** Lets every system commit once, and takes what arrives now to the others. Returns whether anything was on its way. */
  talk(): boolean {
    const { delivers = () => true } = this.#options;
    let isBusy = false;
    for (const name of ['atm', 'ledger', 'reconciliation'] as const) this.commit(name);
    for (const { topic, from, to, onItsWay } of this.#links) {
      const said = topic === this.loses ? this.#lose(from.readAll()) : from.readAll();
      if (topic === 'atm.dispense.failed') this.#reports.push(...said);
      to.forEach((input, index) => {
        const waiting = onItsWay[index]!;
        waiting.push(...said);
        isBusy ||= waiting.length > 0;
        if (!delivers()) return;
        for (const { key, value, timestamp } of waiting.splice(0)) input.pipe(key, value, { timestamp });
      });
    }
    return isBusy;
  }

  #lose(records: readonly TestRecord<Uint8Array, Uint8Array>[]): readonly [] {
    this.lost.push(...records);
    return [];
  }

  /** Time passes, and the ticks of both systems that wait come in. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (let partition = 0; partition < (this.#options.partitions ?? 1); partition++) {
      this.#tick('atm', 'atm.timers', partition);
      this.#tick('reconciliation', 'reconciliation.timers', partition);
    }
  }

  #tick(system: SystemName, topic: string, partition: number): void {
    const tick = { at: this.now };
    this.systems[system].inputTopic(topic, json()).pipe(null, tick, { timestamp: this.now, partition });
  }

  deposit(accountId: string, amount: string): void {
    this.send('ledger', 'transactions', accountId, {
      transactionId: `deposit ${accountId}`,
      accountId,
      direction: 'credit',
      amount,
      currency: 'EUR',
      occurredAt: new Date(this.now).toISOString(),
      kind: 'posting',
    });
  }

  readonly #reports: TestRecord<Uint8Array, Uint8Array>[] = [];

  /** What was said since the last look. */
  readonly said = {
    reports: () => this.#reports.splice(0).map(({ value }) => jsonSerde<FailedDispense>().deserialize(value!)),
    statuses: this.#reader<WithdrawalStatus>('atm', 'atm.withdrawal-states'),
    refusals: this.#reader<RejectedAtmRecord>('atm', 'atm.rejected'),
    cases: this.#reader<ReconciliationCase>('reconciliation', 'reconciliation.cases'),
    refusedCommands: this.#reader<RejectedCommand>('reconciliation', 'reconciliation.rejected'),
    transactions: this.#reader<LedgerTransaction>('ledger', 'ledger.transactions'),
    postings: this.#reader<Posting>('ledger', 'postings'),
    balances: this.#reader<AccountBalances>('ledger', 'balances'),
  };

  #reader<T>(system: SystemName, topic: string): () => readonly T[] {
    let output: TestOutputTopic<string, T> | undefined;
    return () => {
      output ??= this.systems[system].outputTopic(topic, json<T>());
      return output.readAll().map(({ value }) => value!);
    };
  }
}
