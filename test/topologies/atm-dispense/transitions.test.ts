import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WITHDRAWAL_STATES } from '../../../topologies/atm-dispense/events.ts';
import { EVENTS, TRANSITIONS, type Transition } from '../../../topologies/atm-dispense/transitions.ts';
import { type Judgement, judge, type Play } from './judge.ts';
import { ALL_LETTERS, sequences } from './orders.ts';

const README = readFileSync(new URL('../../../topologies/atm-dispense/README.md', import.meta.url), 'utf8');

const nameOf = ({ from, event }: Transition) => `${from} ${event}`;
const asked = ({ effects }: Transition) =>
  effects.map((effect) => (effect.do === 'report' ? `report ${effect.outcome}` : effect.do)).join(', ');

/** What comes first, after a withdrawal, and after a silence. */
const ALL = [...sequences(ALL_LETTERS, 3)].flatMap((each) => ['W', 'W', 'WT', 'W', ''].map((start) => start + each));
/** The moment between a reversal's two steps is short. */
const DURING_A_REVERSAL = ['S', 'p', 'f', 'r', 'X'].flatMap((each) => Array<string>(60).fill(`WFWWW${each}`));
/** Where the ledger refuses, there are fewer ways. */
const REFUSED = [...sequences(ALL_LETTERS, 2)].flatMap((each) => [`W${each}`, each]);
/**
 * Rows that need another system to have settled the hold, or an answer of the ledger to be lost: topology.test.ts goes
 * through them.
 */
const BEYOND_ORDERS = [
  'DISPENSED post-refused',
  'SUSPECT post-refused',
  'REVERSAL_PENDING suspected',
  'REQUESTED silence',
  'DISPENSED silence',
];
const CHANCES = { talks: 0.4, crashes: 0, delivers: 0.3 };
/** Plays of a row that are tried against each mutation. */
const PLAYS_MAX = 40;

/** For each row some plays that go through it, the shortest. */
function playsByRow(): ReadonlyMap<string, readonly Play[]> {
  const found = new Map<string, Play[]>();
  const plays = [
    ...[...ALL, ...DURING_A_REVERSAL].map((sequence, seed) => ({ sequence, seed, isFunded: true })),
    ...REFUSED.map((sequence, seed) => ({ sequence, seed, isFunded: false })),
  ];
  for (const { play, transitions } of judge(plays, CHANCES)) {
    const orphan = /^[^W]*[^WTD][^W]*T/.test(play.sequence) ? ['NEW silence'] : [];
    for (const row of new Set([...transitions, ...orphan])) {
      const list = found.get(row);
      if (list === undefined) found.set(row, [play]);
      else if (list.length < PLAYS_MAX) list.push(play);
    }
  }
  return found;
}

/** Ways to get a row wrong: it is not there, it goes elsewhere, it asks for nothing or reports something else. */
function mutationsOf(row: Transition): readonly (readonly [what: string, row: Transition | undefined])[] {
  const elsewhere = WITHDRAWAL_STATES.filter((state) => state !== row.to && state !== 'AUTHORISED');
  return [
    ['gone', undefined],
    ...elsewhere.map((to) => [`to ${to}`, { ...row, to }] as const),
    ...(row.effects.length === 0 ? [] : [['without effect', { ...row, effects: [] }] as const]),
  ];
}

function firstFault(judgements: Iterable<Judgement>): string | undefined {
  for (const { faults } of judgements) if (faults.length > 0) return faults[0];
  return undefined;
}

describe('the table of transitions', () => {
  it('has one row for a state and an event, over known states and events', () => {
    expect(new Set(TRANSITIONS.map(nameOf)).size).toBe(TRANSITIONS.length);
    for (const { from, event, to } of TRANSITIONS) {
      expect(['NEW', ...WITHDRAWAL_STATES]).toContain(from);
      expect(['NEW', ...WITHDRAWAL_STATES]).toContain(to);
      expect(EVENTS).toContain(event);
    }
  });

  it('is the one that the README draws', () => {
    const drawn = [...README.matchAll(/^\| `(\w+)` +\| `([\w-]+)` +\| `(\w+)` +\| ([^|]*?) *\|$/gm)];
    expect(drawn.map(([, from, event, to, effects]) => `${from} ${event} ${to} ${effects}`.trim())).toEqual(
      TRANSITIONS.map((row) => `${nameOf(row)} ${row.to} ${asked(row)}`.trim()),
    );
  });

  it('is known by every event around a withdrawal: each changed row is noticed', { timeout: 300_000 }, () => {
    const byRow = playsByRow();
    const unnoticed: string[] = [];
    for (const [index, row] of TRANSITIONS.entries()) {
      if (BEYOND_ORDERS.includes(nameOf(row))) continue;
      const plays = byRow.get(nameOf(row)) ?? [];
      for (const [what, changed] of mutationsOf(row)) {
        const transitions = changed === undefined ? TRANSITIONS.toSpliced(index, 1) : TRANSITIONS.with(index, changed);
        const isNoticed = plays.some((play) => firstFault(judge([play], CHANCES, transitions)) !== undefined);
        if (!isNoticed) unnoticed.push(`${nameOf(row)}: ${what} (${plays.length} plays)`);
      }
    }
    expect(unnoticed).toEqual([]);
  });
});
