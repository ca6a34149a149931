import { jsonSerde, type OnBreach, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { DispenseDesk, type Told } from '../../../topologies/atm-dispense/dispense-desk.ts';
import type { LedgerRequest } from '../../../topologies/atm-dispense/events.ts';
import { ATM_TOPICS } from '../../../topologies/atm-dispense/topics.ts';
import { atmDispense } from '../../../topologies/atm-dispense/topology.ts';
import { TRANSITIONS, type Transition } from '../../../topologies/atm-dispense/transitions.ts';
import type { Withdrawal } from '../../../topologies/atm-dispense/withdrawal.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const json = { key: stringSerde, value: jsonSerde<Record<string, unknown>>() };
type Made = ConstructorParameters<typeof DispenseDesk>;

/** A desk that keeps a withdrawal otherwise. */
function keeping(change: (withdrawal: Withdrawal) => Withdrawal | undefined): typeof DispenseDesk {
  return class extends DispenseDesk {
    constructor(stores: Made[0], options: Made[1], record: Made[2], tell: Made[3]) {
      const { withdrawals } = stores;
      const spoiled: Made[0]['withdrawals'] = {
        get: (key) => withdrawals.get(key),
        put: (key, value) => withdrawals.put(key, change(value!)),
        delete: (key) => withdrawals.delete(key),
        range: (from, to) => withdrawals.range(from, to),
      };
      super({ ...stores, withdrawals: spoiled }, options, record, tell);
    }
  };
}

/** A desk that asks the ledger for something else. */
function asking(change: (command: LedgerRequest) => Partial<LedgerRequest>): typeof DispenseDesk {
  return class extends DispenseDesk {
    constructor(stores: Made[0], options: Made[1], record: Made[2], tell: Made[3]) {
      const spoiled = (told: Told): Told =>
        'command' in told ? { command: { ...told.command, ...change(told.command) } } : told;
      super(stores, options, record, (told) => tell(spoiled(told)));
    }
  };
}

/** A desk that goes by another table than is declared. */
function going(change: (row: Transition) => Transition): typeof DispenseDesk {
  const transitions = TRANSITIONS.map(change);
  return class extends DispenseDesk {
    constructor(stores: Made[0], options: Made[1], record: Made[2], tell: Made[3]) {
      super(stores, { ...options, transitions }, record, tell);
    }
  };
}

const withdrawal = {
  withdrawalId: 'w',
  accountId: 'A',
  terminalId: 'T',
  amount: '50.00',
  currency: 'EUR',
  requestedAt: '2026-06-15T11:59:00Z',
};
const requested = [ATM_TOPICS.withdrawals, withdrawal] as const;
const authorised = [
  ATM_TOPICS.ledgerOutcomes,
  { requester: 'atm-dispense', replyKey: 'w', action: 'hold', status: 'done' },
] as const;
const result = (status: string) =>
  [ATM_TOPICS.results, { withdrawalId: 'w', terminalId: 'T', status, occurredAt: '2026-06-15T12:00:00Z' }] as const;
const settlement = (state: string, taken: string, reversed: string) =>
  [ATM_TOPICS.settlements, { withdrawalId: 'w', state, taken, reversed }] as const;
const reversing = [requested, authorised, result('FAIL'), settlement('REVERSAL_PENDING', '0.00', '0.00')];

interface Row {
  readonly what: string;
  readonly desk: typeof DispenseDesk;
  /** The last one goes wrong. */
  readonly records: readonly (readonly [topic: string, value: Record<string, unknown>])[];
  readonly says: RegExp;
}

const atAuthorised = (change: (row: Transition) => Transition) =>
  going((row) => (row.event === 'authorised' ? change(row) : row));

const rows: readonly Row[] = [
  {
    what: 'a state that no row leads to',
    desk: atAuthorised((row) => ({ ...row, to: 'DISPENSED' })),
    records: [requested, authorised],
    says: /withdrawal-keeps-to-its-table .*withdrawal w goes from REQUESTED to DISPENSED by authorised, which is in no row/,
  },
  {
    what: 'a state beside the history',
    desk: keeping((each) => (each.state === 'AUTHORISED' ? { ...each, state: 'REVERSED' } : each)),
    records: [requested, authorised],
    says: /withdrawal w is REVERSED and its history ends with AUTHORISED/,
  },
  {
    what: 'a history that is rewritten',
    desk: keeping((each) => ({
      ...each,
      history: each.history.map((entry, index) => ({ ...entry, offset: index + each.version })),
    })),
    records: [requested, authorised],
    says: /the history of withdrawal w is rewritten/,
  },
  {
    what: 'a history that is shortened',
    desk: keeping((each) => ({ ...each, history: each.history.slice(-1) })),
    records: [requested, authorised],
    says: /the history of withdrawal w is rewritten/,
  },
  {
    what: 'a withdrawal that is forgotten',
    desk: keeping((each) => (each.state === 'AUTHORISED' ? undefined : each)),
    records: [requested, authorised],
    says: /withdrawal w is forgotten/,
  },
  {
    what: 'another amount than was asked for',
    desk: keeping((each) =>
      each.state === 'AUTHORISED' ? { ...each, request: { ...each.request!, amount: '60.00' } } : each,
    ),
    records: [requested, authorised],
    says: /what was asked for with withdrawal w is changed/,
  },
  {
    what: 'more taken and given back than was held',
    desk: DispenseDesk,
    records: [...reversing, settlement('RESOLVED', '50.00', '10.00')],
    says: /money-is-taken-or-reversed .*of 50.00 EUR of withdrawal w 50.00 are taken and 10.00 reversed/,
  },
  {
    what: 'a reversal of a part, with the rest nowhere',
    desk: DispenseDesk,
    records: [...reversing, settlement('REVERSED', '0.00', '40.00')],
    says: /withdrawal w is reversed, and 0.00 taken and 40.00 reversed are not 50.00/,
  },
  {
    what: 'an amount that is none',
    desk: DispenseDesk,
    records: [...reversing, settlement('REVERSED', '0.00', 'all')],
    says: /withdrawal w has an amount that is none/,
  },
  {
    what: 'a hold of another amount',
    desk: asking(() => ({ amount: '5.00' })),
    records: [requested],
    says: /ledger-is-asked-rightly .*hold of withdrawal w: 5.00 EUR is not what was asked for/,
  },
  {
    what: 'a hold of another account',
    desk: asking(() => ({ accountId: 'B' })),
    records: [requested],
    says: /account B is not its own/,
  },
  {
    what: 'a hold for a withdrawal that nobody knows',
    desk: asking(() => ({ replyKey: 'x' })),
    records: [requested],
    says: /hold of withdrawal x: there is no such withdrawal/,
  },
  {
    what: 'another hold than its own',
    desk: asking(({ action }) => (action === 'settle' ? { holdId: 'withdrawal:x' } : {})),
    records: [requested, authorised, result('SUCCESS')],
    says: /the hold withdrawal:x is not its own/,
  },
  {
    what: 'a hold once more',
    desk: atAuthorised((row) => ({ ...row, effects: [{ do: 'hold' }] })),
    records: [requested, authorised],
    says: /hold of withdrawal w: it is AUTHORISED already/,
  },
  {
    what: 'a settlement before anything came out',
    desk: atAuthorised((row) => ({ ...row, effects: [{ do: 'settle' }] })),
    records: [requested, authorised],
    says: /settle of withdrawal w: it is AUTHORISED, not dispensed/,
  },
  {
    what: 'a settlement of a part',
    desk: asking(({ action }) => (action === 'settle' ? { take: '49.00' } : {})),
    records: [requested, authorised, result('SUCCESS')],
    says: /49.00 is not the whole amount/,
  },
];

function atm(desk: typeof DispenseDesk, onBreach: OnBreach = 'deadLetter') {
  const driver = new TopologyTestDriver(atmDispense({ desk, onBreach }), { startTimeMs: NOW });
  return {
    driver,
    pipe: ([topic, value]: Row['records'][number]) => driver.inputTopic(topic, json).pipe('w', value),
    letters: (topic: string) =>
      driver
        .outputTopic(`${topic}.dlq`, json)
        .readAll()
        .map(({ headers }) => Buffer.from(headers.find(([name]) => name.endsWith('errors.message'))![1]!).toString()),
    state: () => [driver.storeEntries('withdrawals'), driver.storeEntries('deadlines')],
    told: () =>
      [ATM_TOPICS.states, ATM_TOPICS.ledgerCommands, ATM_TOPICS.failed].flatMap((topic) =>
        driver.outputTopic(topic, json).readAll(),
      ),
  };
}

describe.each(rows)('$what', ({ desk, records, says }) => {
  const wrong = records.at(-1)!;

  it('becomes a dead letter that names the invariant, and nothing of it is kept or told', () => {
    const { pipe, letters, state, told } = atm(desk);
    for (const record of records.slice(0, -1)) pipe(record);
    const kept = state();
    told();
    pipe(wrong);
    expect(letters(wrong[0])).toEqual([expect.stringMatching(says)]);
    expect(state()).toEqual(kept);
    expect(told()).toEqual([]);
  });

  it('ends the worker where the topology is built so', () => {
    const { pipe } = atm(desk, 'fail');
    for (const record of records.slice(0, -1)) pipe(record);
    expect(() => pipe(wrong)).toThrow(
      expect.objectContaining({ code: 'INVARIANT_BREACHED', message: expect.stringMatching(says) }),
    );
  });
});

describe('what is right', () => {
  it.each([
    ['a success', [requested, authorised, result('SUCCESS')], 'DISPENSED'],
    ['results that came first', [result('DISPENSING'), result('SUCCESS'), requested, authorised], 'DISPENSED'],
    ['a reversal', [...reversing, settlement('REVERSED', '0.00', '50.00')], 'REVERSED'],
    ['a reversal of a part', [...reversing, settlement('REVERSED', '20.00', '30.00')], 'REVERSED'],
  ] as const)('passes: %s', (_what, records, ends) => {
    const { driver, pipe } = atm(DispenseDesk);
    for (const record of records) pipe(record);
    expect(driver.storeValue<string, Withdrawal>('withdrawals', 'w')?.state).toBe(ends);
    expect(driver.counters.deadLetters).toBe(0);
    expect(Object.values(driver.invariantBreaches)).toEqual([0, 0, 0]);
  });
});
