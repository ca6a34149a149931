import {
  deadlineSerde,
  HeadraceError,
  jsonSerde,
  type KStream,
  keyValueStore,
  type OnBreach,
  type Processor,
  type ProcessorContext,
  type Serde,
  StreamsBuilder,
  stringSerde,
  type Topology,
} from 'headrace';
import { DispenseDesk, type Told } from './dispense-desk.ts';
import type { LedgerAnswer, LedgerRequest, Settlement, Tick } from './events.ts';
import { declareInvariants } from './invariants.ts';
import { REQUESTER } from './messages.ts';
import { type RawInput, toRawInput } from './rules.ts';
import { ATM_TOPICS } from './topics.ts';
import { TRANSITIONS, type Transition } from './transitions.ts';
import { withdrawalSerde } from './withdrawal.ts';

export interface AtmDispenseOptions {
  /** How long a terminal may take to say how a dispense went before it is unknown, milliseconds (60,000). */
  readonly answerWithinMs?: number;
  /** How long results wait for their withdrawal, milliseconds (300,000). */
  readonly orphanAfterMs?: number;
  /** For tests that change a row and want to see it noticed. */
  readonly transitions?: readonly Transition[];
  /** How the values of a topic are read and written; JSON without it. */
  readonly valueSerde?: <T>(topic: string, read?: (parsed: unknown) => T) => Serde<T>;
  /** What becomes of a record that breaches an invariant (`deadLetter`). */
  readonly onBreach?: OnBreach;
  /** For tests of what a desk that errs would do. */
  readonly desk?: typeof DispenseDesk;
}

/** What comes in, from five topics. */
type Arrival =
  | { readonly withdrawal: RawInput }
  | { readonly result: RawInput }
  | { readonly answer: LedgerAnswer }
  | { readonly settlement: Settlement }
  | { readonly tick: Tick };

const STORES = {
  withdrawals: keyValueStore({ name: 'withdrawals', key: stringSerde, value: withdrawalSerde }),
  deadlines: keyValueStore({ name: 'deadlines', key: deadlineSerde, value: stringSerde }),
};

/** Withdrawals from a terminal's request to its last word: README.md in this folder draws it. */
export function atmDispense(options: AtmDispenseOptions = {}): Topology {
  const { answerWithinMs = 60_000, orphanAfterMs = 300_000, transitions = TRANSITIONS, valueSerde = asJson } = options;
  const { onBreach = 'deadLetter', desk: Desk = DispenseDesk } = options;
  const limits = { transitions, answerWithinMs, orphanAfterMs };
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
    source(ATM_TOPICS.withdrawals, toRawInput, 'withdrawal', (withdrawal) => ({ withdrawal })),
    source(ATM_TOPICS.results, toRawInput, 'result', (result) => ({ result })),
    source(ATM_TOPICS.ledgerOutcomes, toObject<LedgerAnswer>, 'answer', (answer) => ({ answer })),
    source(ATM_TOPICS.settlements, toObject<Settlement>, 'settlement', (settlement) => ({ settlement })),
    source(ATM_TOPICS.timers, toTick, 'tick', (tick) => ({ tick })),
  ];
  const told = sources
    .reduce((merged, each) => merged.merge(each))
    .process({
      name: 'dispense',
      stores: STORES,
      processor: (context: ProcessorContext<typeof STORES, string, Told>): Processor<string, Arrival> => {
        return (key, arrival, record) => {
          const told: Told[] = [];
          take(new Desk(context.stores, limits, record, (each) => told.push(each)), key, arrival!);
          for (const each of told) context.forward(key, each);
        };
      },
    });
  told
    .flatMap((_key, each) => ('status' in each ? [[each.status.withdrawalId, each.status]] : []))
    .to(ATM_TOPICS.states, serdes(ATM_TOPICS.states));
  told
    .flatMap((_key, each) => ('failed' in each ? [[each.failed.terminalId, each.failed]] : []))
    .to(ATM_TOPICS.failed, serdes(ATM_TOPICS.failed));
  const commands = serdes<LedgerRequest>(ATM_TOPICS.ledgerCommands);
  told
    .flatMap((_key, each) => ('command' in each ? [[each.command.accountId, each.command]] : []))
    .to(ATM_TOPICS.ledgerCommands, commands);
  told
    .flatMap((_key, each) => ('rejected' in each ? [[each.rejected.withdrawalId, each.rejected]] : []))
    .to(ATM_TOPICS.rejected, serdes(ATM_TOPICS.rejected));
  declareInvariants(builder, { withdrawals: STORES.withdrawals, commands, transitions, onBreach });
  return builder.build();
}

function take(desk: DispenseDesk, key: string | null, arrival: Arrival): void {
  if ('withdrawal' in arrival) desk.withdrawal(key, arrival.withdrawal);
  else if ('result' in arrival) desk.result(key, arrival.result);
  else if ('settlement' in arrival) desk.settlement(arrival.settlement);
  else if ('tick' in arrival) desk.tick(arrival.tick);
  else if (arrival.answer.requester === REQUESTER) desk.answer(arrival.answer);
}

function required<T>(value: T | null, topic: string): T {
  if (value === null) throw new HeadraceError('DESERIALIZATION_FAILED', `A record of ${topic} needs a value`);
  return value;
}

/** Our own systems write these. */
function toObject<T>(parsed: unknown): T {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new HeadraceError('DESERIALIZATION_FAILED', 'It must be a JSON object');
  }
  return parsed as T;
}

function toTick(parsed: unknown): Tick {
  const tick = toObject<Tick>(parsed);
  if (!Number.isSafeInteger(tick.at)) {
    throw new HeadraceError('DESERIALIZATION_FAILED', 'A tick needs at: milliseconds since 1970');
  }
  return tick;
}

function asJson<T>(_topic: string, read?: (parsed: unknown) => T): Serde<T> {
  return jsonSerde(read);
}
