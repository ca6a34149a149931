import { expect, it, test } from 'vitest';
import { auditSink, differences } from './sink-auditor.ts';
import type { SinkEvidence } from './sink-evidence.ts';

const sound: SinkEvidence = {
  views: {
    transactions: { due: ['t-1\ta\t10', 't-2\ta\t5'], shown: ['t-2\ta\t5', 't-1\ta\t10'] },
    transactions_by_id: { due: ['t-1', 't-2'], shown: ['t-1', 't-2'] },
  },
  movements: [
    { accountId: 'a', currency: 'EUR', effect: 100_000n },
    { accountId: 'a', currency: 'EUR', effect: -50_000n },
  ],
  balances: new Map([['a EUR', 50_000n]]),
  summaries: new Map([['a EUR', 50_000n]]),
  broken: ['transactions.rejected-0 at 4'],
  deadLetters: ['transactions.rejected-0 at 4'],
  behind: [],
  intent: undefined,
};
const [transactions, lookUp] = [sound.views.transactions!, sound.views.transactions_by_id!];
const movement = sound.movements[0]!;

it('finds nothing where ClickHouse shows what the log says, in any order', () => {
  expect(auditSink(sound)).toEqual([]);
});

test.each<[string, Partial<SinkEvidence>, string]>([
  [
    'a row that is missing',
    { views: { ...sound.views, transactions: { ...transactions, shown: ['t-2\ta\t5'] } } },
    'the view transactions lacks 1 of t-1\ta\t10',
  ],
  [
    'a row that nobody wrote',
    { views: { ...sound.views, transactions_by_id: { ...lookUp, shown: ['t-1', 't-2', 't-3'] } } },
    'the view transactions_by_id has 1 too many of t-3',
  ],
  [
    'a row that is there twice',
    { views: { ...sound.views, transactions_by_id: { ...lookUp, shown: ['t-1', 't-2', 't-2'] } } },
    'the view transactions_by_id has 1 too many of t-2',
  ],
  ['a dead letter that is missing', { deadLetters: [] }, 'the topic of dead letters lacks 1'],
  ['a dead letter that is doubled', { deadLetters: [...sound.broken, ...sound.broken] }, 'has 1 too many'],
  ['a balance that is not the sum', { balances: new Map([['a EUR', 1n]]) }, 'the sums of a EUR differ'],
  ['a balance without transactions', { balances: new Map([...sound.balances, ['b EUR', 0n]]) }, 'the sums of b EUR'],
  ['days that are not the sum', { summaries: new Map() }, 'days undefined'],
  ['a movement too many', { movements: [...sound.movements, movement] }, 'transactions 150000'],
  ['a partition that is behind', { behind: ['postings-1: 3 of 7'] }, 'has not come to the end of postings-1: 3 of 7'],
  ['a cut under way', { intent: '{"number":3}' }, 'still under way: {"number":3}'],
])('finds %s', (_name, change, finding) => {
  expect(auditSink({ ...sound, ...change }).join('\n')).toContain(finding);
});

it('tells a few of many differences and counts the rest', () => {
  const due = Array.from({ length: 40 }, (_, index) => `row ${index}`);
  const found = differences('a view', due, ['extra']);
  expect(found).toHaveLength(7);
  expect(found.at(-2)).toBe('… and 35 more of these');
  expect(found.at(-1)).toBe('a view has 1 too many of extra');
});
