import {
  deadlineSerde,
  HeadraceError,
  jsonSerde,
  type KStream,
  keyValueStore,
  type Processor,
  type ProcessorContext,
  type Serde,
  StreamsBuilder,
  stringSerde,
  type Topology,
} from 'headrace';
import { CaseDesk } from './case-desk.ts';
import { caseSerde } from './cases.ts';
import { dossierSerde } from './dossier.ts';
import type { CaseCommand } from './events.ts';
import { type FailedDispense, type LedgerAnswer, REQUESTER } from './messages.ts';
import { Office, type Told } from './office.ts';
import { Reconciler } from './reconciler.ts';
import { EVIDENCE_RULES, type EvidenceRule, toCaseCommand, toFailedDispense, toObject } from './rules.ts';
import { RECONCILIATION_TOPICS as TOPICS } from './topics.ts';

export interface ReconciliationOptions {
  /** Wait before the second try of a settlement, milliseconds (1,000); it doubles with every try. */
  readonly retryMs?: number;
  /** For tests that change a row and want to see it noticed. */
  readonly rules?: readonly EvidenceRule[];
  /** How the values of a topic are read and written; JSON without it. */
  readonly valueSerde?: <T>(topic: string, read?: (parsed: unknown) => T) => Serde<T>;
}

/** What comes in, from four topics. */
type Arrival =
  | { readonly failed: FailedDispense }
  | { readonly command: CaseCommand }
  | { readonly answer: LedgerAnswer }
  | { readonly at: number };

const integerSerde: Serde<number> = jsonSerde((parsed) => {
  if (Number.isSafeInteger(parsed)) return parsed as number;
  throw new HeadraceError('DESERIALIZATION_FAILED', "A serial number can't be read");
});

const STORES = {
  dossiers: keyValueStore({ name: 'dossiers', key: stringSerde, value: dossierSerde }),
  cases: keyValueStore({ name: 'cases', key: stringSerde, value: caseSerde }),
  deadlines: keyValueStore({ name: 'deadlines', key: deadlineSerde, value: stringSerde }),
  serials: keyValueStore({ name: 'serial-numbers', key: stringSerde, value: integerSerde }),
};

/** Settles failed dispenses, by rule or through a person: README.md in this folder draws it. */
export function reconciliation(options: ReconciliationOptions = {}): Topology {
  const { retryMs = 1_000, rules = EVIDENCE_RULES, valueSerde = asJson } = options;
  const builder = new StreamsBuilder();
  const serdes = <T>(topic: string, read?: (parsed: unknown) => T) => ({
    key: stringSerde,
    value: valueSerde(topic, read),
  });
  const source = <T>(topic: string, read: (parsed: unknown) => T, name: string, as: (value: T) => Arrival) =>
    builder
      .stream(topic, { ...serdes(topic, read), partitionedBy: 'murmur2' })
      .mapValues((value): Arrival => as(required(value as T | null, topic)), { name });
  const sources: readonly KStream<string, Arrival>[] = [
    source(TOPICS.failed, toFailedDispense, 'failed', (failed) => ({ failed })),
    source(TOPICS.commands, toCaseCommand, 'command', (command) => ({ command })),
    source(
      TOPICS.ledgerOutcomes,
      (parsed) => toObject(parsed) as unknown as LedgerAnswer,
      'answer',
      (answer) => ({ answer }),
    ),
    source(TOPICS.timers, toTick, 'tick', (at) => ({ at })),
  ];
  const told = sources
    .reduce((merged, each) => merged.merge(each))
    .process({
      name: 'reconcile',
      stores: STORES,
      processor: (context: ProcessorContext<typeof STORES, string, Told>): Processor<string, Arrival> => {
        return (key, arrival, record) => {
          const told: Told[] = [];
          const office = new Office(context.stores, record, (each) => told.push(each));
          take(office, new Reconciler(office, { rules, retryMs }), key, arrival!);
          for (const each of told) context.forward(key, each);
        };
      },
    });
  told
    .flatMap((_key, each) => ('case' in each ? [[each.case.caseId, each.case]] : []))
    .to(TOPICS.cases, serdes(TOPICS.cases));
  told
    .flatMap((_key, each) => ('settlement' in each ? [[each.settlement.withdrawalId, each.settlement]] : []))
    .to(TOPICS.settlements, serdes(TOPICS.settlements));
  told
    .flatMap((_key, each) => ('command' in each ? [[each.key, each.command]] : []))
    .to(TOPICS.ledgerCommands, serdes(TOPICS.ledgerCommands));
  told
    .flatMap((_key, each) => ('rejected' in each ? [[each.key ?? '', each.rejected]] : []))
    .to(TOPICS.rejected, serdes(TOPICS.rejected));
  return builder.build();
}

function take(office: Office, reconciler: Reconciler, key: string | null, arrival: Arrival): void {
  if ('failed' in arrival) reconciler.failed(arrival.failed);
  else if ('command' in arrival) new CaseDesk(office).command(key, arrival.command);
  else if ('at' in arrival) reconciler.tick(arrival.at);
  else if (arrival.answer.requester === REQUESTER) reconciler.answer(arrival.answer);
}

function required<T>(value: T | null, topic: string): T {
  if (value === null) throw new HeadraceError('DESERIALIZATION_FAILED', `A record of ${topic} needs a value`);
  return value;
}

function toTick(parsed: unknown): number {
  const { at } = toObject(parsed);
  if (Number.isSafeInteger(at)) return at as number;
  throw new HeadraceError('DESERIALIZATION_FAILED', 'A tick needs at: milliseconds since 1970');
}

function asJson<T>(_topic: string, read?: (parsed: unknown) => T): Serde<T> {
  return jsonSerde(read);
}
