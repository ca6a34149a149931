import {
  HeadraceError,
  jsonSerde,
  type OnBreach,
  type Processor,
  type ProcessorContext,
  type Serde,
  StreamsBuilder,
  stringSerde,
  type Topology,
} from 'headrace';
import { businessTime } from './business-time.ts';
import { handleCommand } from './command-desk.ts';
import { type LedgerCommand, toLedgerCommand } from './commands.ts';
import { summaryKey } from './daily-summary.ts';
import {
  type AccountSettings,
  type LedgerTransaction,
  type Posting,
  type TransactionInput,
  toAccountSettings,
  toTransactionInput,
} from './events.ts';
import { declareInvariants } from './invariants.ts';
import { PostingOffice, STORES, type Told } from './posting-office.ts';
import { TOPICS } from './topics.ts';

export interface AccountLedgerOptions {
  /** IANA name of the zone in which the bank's days begin, and that times without a zone mean (UTC). */
  readonly businessZone?: string;
  /** How the values of a topic are read and written; JSON without it. `read` makes of a parsed value what the rules take. */
  readonly valueSerde?: <T>(topic: string, read?: (parsed: unknown) => T) => Serde<T>;
  /** What becomes of a record that breaches an invariant (`deadLetter`). */
  readonly onBreach?: OnBreach;
  /** For tests that book wrongly and want to see it noticed. */
  readonly office?: typeof PostingOffice;
}

type Request = { readonly input: TransactionInput } | { readonly command: LedgerCommand };

/** A request with what the bank has settled for its account. */
interface Arrival {
  readonly request: Request;
  readonly settings: AccountSettings | null;
}

/** The ledger (design D9): README.md in this folder draws it. */
export function accountLedger({
  businessZone,
  valueSerde = asJson,
  onBreach = 'deadLetter',
  office: Office = PostingOffice,
}: AccountLedgerOptions = {}): Topology {
  const time = businessTime(businessZone);
  const builder = new StreamsBuilder();
  const serdes = <T>(topic: string, read?: (parsed: unknown) => T) => ({
    key: stringSerde,
    value: valueSerde(topic, read),
  });
  // An account whose records lie in two partitions would be two accounts.
  const input = <T>(topic: string, read: (parsed: unknown) => T) => ({
    ...serdes(topic, read),
    partitionedBy: 'murmur2' as const,
  });
  const accounts = builder.table(TOPICS.accounts, {
    ...input(TOPICS.accounts, toAccountSettings),
    name: 'account-settings',
  });
  const commands = builder.stream(TOPICS.commands, input(TOPICS.commands, toLedgerCommand));
  const commandRequests = commands.mapValues(
    (command): Request => ({ command: required(command, 'A command to the ledger') }),
    { name: 'require-command' },
  );
  const transactions = builder.stream(TOPICS.transactions, input(TOPICS.transactions, toTransactionInput));
  const told = transactions
    .mapValues((input): Request => ({ input: required(input, 'A transaction') }), { name: 'require-value' })
    .merge(commandRequests, { name: 'requests' })
    .leftJoin(accounts, (request, settings): Arrival => ({ request, settings }))
    .processValues({
      name: 'post',
      stores: STORES,
      processor: (context: ProcessorContext<typeof STORES, string, Told>): Processor<string, Arrival> => {
        const office = new Office(context.stores, (key, each) => context.forward(key, each), time);
        return (key, arrival, record) => {
          const { request, settings } = arrival!;
          const arrived = { key, record, settings };
          if ('input' in request) office.take(request.input, arrived);
          else handleCommand(office, request.command, arrived);
        };
      },
    });

  const accepted = told.flatMapValues((each) => ('accepted' in each ? [each.accepted] : []));
  const rejected = told.flatMapValues((each) => ('rejected' in each ? [each.rejected] : []));
  const outcomes = told.flatMapValues((each) => ('outcome' in each ? [each.outcome] : []));
  const balances = told.flatMapValues((each) =>
    'accepted' in each ? [each.accepted.balances] : 'balances' in each ? [each.balances] : [],
  );
  const acceptedSerdes = serdes<LedgerTransaction>(TOPICS.accepted);
  const postings = serdes<Posting>(TOPICS.postings);
  accepted.mapValues(({ transaction }) => transaction).to(TOPICS.accepted, acceptedSerdes);
  accepted.flatMapValues((each) => each.postings).to(TOPICS.postings, postings);
  balances.to(TOPICS.balances, serdes(TOPICS.balances));
  accepted
    .map((_key, { summary }) => [summaryKey(summary.accountId, summary.day, summary.currency), summary])
    .to(TOPICS.dailySummary, serdes(TOPICS.dailySummary));
  outcomes.selectKey((_key, { replyKey }) => replyKey).to(TOPICS.outcomes, serdes(TOPICS.outcomes));
  // A record may have come without its key: what is said of it goes to its account all the same.
  rejected.selectKey((_key, { accountId }) => accountId).to(TOPICS.rejected, serdes(TOPICS.rejected));
  declareInvariants(builder, {
    transactions,
    commands,
    settings: accounts,
    postings,
    accepted: acceptedSerdes,
    onBreach,
  });
  return builder.build();
}

/** What has no value can't be judged: it goes to the dead letters. */
function required<T>(value: T | null, what: string): T {
  if (value === null) throw new HeadraceError('DESERIALIZATION_FAILED', `${what} needs a value; this record has none`);
  return value;
}

function asJson<T>(_topic: string, read?: (parsed: unknown) => T): Serde<T> {
  return jsonSerde(read);
}
