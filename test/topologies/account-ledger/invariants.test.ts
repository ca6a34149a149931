import { type OnBreach, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { jsonSerde } from '../../../src/serde/json.ts';
import type { Posted } from '../../../topologies/account-ledger/post.ts';
import { type Arrived, PostingOffice, type Told } from '../../../topologies/account-ledger/posting-office.ts';
import type { Transaction } from '../../../topologies/account-ledger/rules.ts';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import { accountLedger } from '../../../topologies/account-ledger/topology.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const json = { key: stringSerde, value: jsonSerde<Record<string, unknown>>() };
type Made = ConstructorParameters<typeof PostingOffice>;

/** Posts, and tells it otherwise. */
function telling(change: (posted: Posted) => Partial<Posted>): typeof PostingOffice {
  return class extends PostingOffice {
    constructor(stores: Made[0], tell: Made[1], time: Made[2]) {
      const spoiled = (told: Told): Told =>
        'accepted' in told ? { accepted: { ...told.accepted, ...change(told.accepted) } } : told;
      super(stores, (key, told) => tell(key, spoiled(told)), time);
    }
  };
}

/** Keeps things otherwise. */
function keeping(change: (stores: Made[0]) => Partial<Made[0]>): typeof PostingOffice {
  return class extends PostingOffice {
    constructor(stores: Made[0], tell: Made[1], time: Made[2]) {
      super({ ...stores, ...change(stores) }, tell, time);
    }
  };
}

class CarelessOffice extends PostingOffice {
  override judge(...[input, arrived]: Parameters<PostingOffice['judge']>) {
    // As if whatever is asked for had happened.
    return super.judge({ ...input, kind: 'posting' }, arrived);
  }
}

class SkippingOffice extends PostingOffice {
  override post(transaction: Transaction, arrived: Arrived, account = this.account(transaction.accountId)) {
    super.post(transaction, arrived, { ...account, sequence: account.sequence + 1, version: account.version + 1 });
  }
}

function ledger(office: typeof PostingOffice, onBreach: OnBreach = 'deadLetter') {
  const driver = new TopologyTestDriver(accountLedger({ office, onBreach }), { startTimeMs: NOW });
  return {
    driver,
    pipe: ([topic, value]: Row['records'][number]) => driver.inputTopic(topic, json).pipe('A', value),
    letters: (topic: string) =>
      driver
        .outputTopic(`${topic}.dlq`, json)
        .readAll()
        .map(({ headers }) => Buffer.from(headers.find(([name]) => name.endsWith('errors.message'))![1]!).toString()),
    state: () =>
      ['accounts', 'holds', 'transaction-identities', 'daily-summary'].map((each) => driver.storeEntries(each)),
    told: () =>
      [TOPICS.accepted, TOPICS.postings, TOPICS.balances].map(
        (topic) => driver.outputTopic(topic, json).readAll().length,
      ),
  };
}

const common = { accountId: 'A', currency: 'EUR', occurredAt: '2026-06-15T10:00:00Z' };
const transaction = (transactionId: string, direction: string, amount: string, kind = 'posting') =>
  [TOPICS.transactions, { ...common, transactionId, direction, amount, kind }] as const;
const command = (action: string, fields: object) =>
  [TOPICS.commands, { ...common, commandId: action, requester: 'r', replyKey: 'A', action, ...fields }] as const;
const hold = command('hold', { holdId: 'h', amount: '5.00' });
const settle = command('settle', { holdId: 'h', take: '2.00' });

interface Row {
  readonly what: string;
  readonly office: typeof PostingOffice;
  /** The last one is booked wrongly. */
  readonly records: readonly (readonly [topic: string, value: Record<string, unknown>])[];
  readonly says: RegExp;
}

const doubled = telling(({ postings }) => ({ postings: [...postings, { ...postings[0]!, leg: 2 }] }));
const rows: readonly Row[] = [
  {
    what: 'a leg that is a cent too much',
    office: telling(({ postings }) => ({ postings: [postings[0]!, { ...postings[1]!, amount: '10.01' }] })),
    records: [transaction('t', 'credit', '10.00')],
    says: /postings-sum-to-zero .*the postings in EUR of transaction t sum to -1 minor units/,
  },
  {
    what: 'two legs of the same direction',
    office: telling(({ postings }) => ({ postings: [postings[0]!, { ...postings[1]!, direction: 'credit' }] })),
    records: [transaction('t', 'credit', '10.00')],
    says: /sum to 2000 minor units/,
  },
  {
    what: 'legs of two currencies',
    office: telling(({ postings }) => ({
      postings: [postings[0]!, { ...postings[1]!, currency: 'JPY', amount: '10' }],
    })),
    records: [transaction('t', 'credit', '10.00')],
    says: /the postings in EUR of transaction t sum to 1000/,
  },
  {
    what: 'a leg of another transaction',
    office: telling(({ postings }) => ({ postings: [postings[0]!, { ...postings[1]!, transactionId: 'u' }] })),
    records: [transaction('t', 'credit', '10.00')],
    says: /transaction t sum to 1000/,
  },
  {
    what: 'a leg alone',
    office: telling(({ postings }) => ({ postings: postings.slice(0, 1) })),
    records: [transaction('t', 'debit', '10.00')],
    says: /sum to -1000/,
  },
  {
    what: 'a leg too many',
    office: doubled,
    records: [transaction('t', 'credit', '0.07')],
    says: /sum to 7 minor units/,
  },
  {
    what: 'an amount that is none',
    office: telling(({ postings }) => ({ postings: [postings[0]!, { ...postings[1]!, amount: '1e1' }] })),
    records: [transaction('t', 'credit', '10.00')],
    says: /1e1 EUR of transaction t is no amount/,
  },
  {
    what: 'a request that takes more than there is',
    office: CarelessOffice,
    records: [transaction('t', 'credit', '10.00'), transaction('u', 'debit', '10.01', 'request')],
    says: /available-stays-above-limit .*account A would have -0.01 EUR available, and its limit is 0.00/,
  },
  {
    what: 'a request that goes over the overdraft',
    office: CarelessOffice,
    records: [
      [TOPICS.accounts, { accountId: 'A', status: 'open', overdraftLimits: { EUR: '3.00' } }],
      transaction('t', 'debit', '3.00', 'request'),
      transaction('u', 'debit', '0.01', 'request'),
    ],
    says: /would have -3.01 EUR available, and its limit is -3.00/,
  },
  {
    what: 'a hold of what is not there',
    office: CarelessOffice,
    records: [transaction('t', 'credit', '4.99'), hold],
    says: /would have -0.01 EUR available/,
  },
  {
    what: 'a command that posts a request which takes too much',
    office: CarelessOffice,
    records: [command('post', { transaction: { ...transaction('t', 'debit', '1.00', 'request')[1] } })],
    says: /would have -1.00 EUR available/,
  },
  {
    what: 'a number left out of the sequence',
    office: SkippingOffice,
    records: [transaction('t', 'credit', '1.00')],
    says: /sequence-is-gapless .*the sequence of account A goes from 0 to 2 by 1 accepted transactions/,
  },
  {
    what: 'a transaction that is told and not kept',
    office: keeping(({ accounts }) => ({ accounts: { ...bound(accounts), put: () => {} } })),
    records: [transaction('t', 'credit', '1.00')],
    says: /1 accepted transactions changed no account/,
  },
  {
    what: 'an account that is forgotten',
    office: keeping(({ accounts }) => ({
      accounts: {
        ...bound(accounts),
        put: (key, account) => accounts.put(key, account!.sequence === 2 ? undefined : account),
      },
    })),
    records: [transaction('t', 'credit', '1.00'), transaction('u', 'credit', '1.00')],
    says: /account A is forgotten/,
  },
  {
    what: 'a hold that could be settled once more',
    office: keeping(({ holds }) => ({
      holds: { ...bound(holds), put: (key, each) => each!.status === 'settled' || holds.put(key, each) },
    })),
    records: [transaction('t', 'credit', '9.00'), hold, settle],
    says: /held-is-settled-once .*500 minor units of EUR are held otherwise than the holds say/,
  },
  {
    what: 'a hold that is not reserved',
    office: keeping(({ accounts }) => ({
      accounts: {
        ...bound(accounts),
        put: (key, account) =>
          accounts.put(key, {
            ...account!,
            balances: new Map([...account!.balances].map(([code, { booked }]) => [code, { booked, held: 0n }])),
          }),
      },
    })),
    records: [transaction('t', 'credit', '9.00'), hold],
    says: /500 minor units of EUR are held otherwise/,
  },
  {
    what: 'a hold that goes back to where it was',
    office: keeping(({ holds }) => ({
      holds: {
        ...bound(holds),
        put: (key, each) => holds.put(key, each!.status === 'settled' ? { ...each!, status: 'placed' } : each),
      },
    })),
    records: [transaction('t', 'credit', '9.00'), hold, settle],
    says: /hold 1:A:h goes from placed to placed/,
  },
];

function bound<S extends Made[0]['accounts'] | Made[0]['holds']>(store: S): S {
  const { get, put, delete: remove, range } = store;
  const each = (method: unknown) => (method as () => void).bind(store);
  return { get: each(get), put: each(put), delete: each(remove), range: each(range) } as unknown as S;
}

describe.each(rows)('$what', ({ office, records, says }) => {
  const [wrong, ...before] = [...records].reverse();

  it('becomes a dead letter that names the invariant, and nothing of it is booked', () => {
    const { driver, pipe, letters, state, told } = ledger(office);
    for (const record of before.reverse()) pipe(record);
    const kept = state();
    told();
    pipe(wrong!);
    expect(letters(wrong![0])).toEqual([expect.stringMatching(says)]);
    expect(state()).toEqual(kept);
    expect(told()).toEqual([0, 0, 0]);
    expect(Object.values(driver.invariantBreaches).reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('ends the worker where the ledger is built so', () => {
    const { pipe } = ledger(office, 'fail');
    for (const record of [...records].slice(0, -1)) pipe(record);
    expect(() => pipe(wrong!)).toThrow(
      expect.objectContaining({ code: 'INVARIANT_BREACHED', message: expect.stringMatching(says) }),
    );
  });
});

describe('what is right', () => {
  it('passes: settled facts overdraw, holds are settled in part, a refusal changes nothing', () => {
    const { driver, pipe, letters } = ledger(PostingOffice);
    pipe(transaction('t', 'credit', '9.00'));
    pipe(hold);
    pipe(settle);
    pipe(transaction('u', 'debit', '100.00'));
    pipe(command('post', { transaction: { ...transaction('v', 'debit', '1.00')[1] } }));
    pipe(transaction('w', 'debit', '0.01', 'request'));
    expect([...letters(TOPICS.transactions), ...letters(TOPICS.commands)]).toEqual([]);
    expect(driver.storeValue<string, { sequence: number }>('accounts', 'A')).toMatchObject({ sequence: 4 });
    expect(driver.invariantBreaches).toEqual({
      'postings-sum-to-zero': 0,
      'available-stays-above-limit': 0,
      'sequence-is-gapless': 0,
      'held-is-settled-once': 0,
    });
  });
});
