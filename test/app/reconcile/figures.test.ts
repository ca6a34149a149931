import { describe, expect, it } from 'vitest';
import { addTo, compareFigures, type Source, toScaled } from '../../../src/app/reconcile/figures.ts';

const source = (name: string, figures: Record<string, string>, ...families: string[]): Source => ({
  name,
  figures: new Map(Object.entries(figures)),
  families: new Set(families),
});

describe('figures of several sources', () => {
  it('agree when all that know a figure have the same', () => {
    const log = source('log', { 'balance A EUR': '100', transactions: '2' }, 'balance', 'transactions');
    const state = source('state', { 'balance A EUR': '100' }, 'balance');
    const clickHouse = source('clickhouse', { 'balance A EUR': '100', transactions: '2' }, 'balance', 'transactions');
    expect(compareFigures([log, state, clickHouse])).toEqual([]);
  });

  it('differ by name, with the value of each source that knows the family', () => {
    const log = source('log', { 'balance A EUR': '100', transactions: '2' }, 'balance', 'transactions');
    const state = source('state', { 'balance A EUR': '101' }, 'balance');
    const clickHouse = source('clickhouse', { 'balance A EUR': '100', transactions: '3' }, 'balance', 'transactions');
    expect(compareFigures([log, state, clickHouse])).toEqual([
      { figure: 'balance A EUR', values: { log: '100', state: '101', clickhouse: '100' } },
      { figure: 'transactions', values: { log: '2', clickhouse: '3' } },
    ]);
  });

  it.each([0, 1])('differ where source %i lacks what the other has', (lacking) => {
    const has = source('has', { 'sequence A': '1' }, 'sequence');
    const lacks = source('lacks', {}, 'sequence');
    expect(compareFigures(lacking === 0 ? [lacks, has] : [has, lacks])).toEqual([
      { figure: 'sequence A', values: { has: '1', lacks: 'none' } },
    ]);
  });

  it('are told apart when accounts have odd names', () => {
    const names = ['balance __proto__ EUR', 'balance constructor EUR', 'balance  EUR', 'balance A B EUR'];
    const all = (value: string) => Object.fromEntries(names.map((name) => [name, value]));
    const differences = compareFigures([source('a', all('1'), 'balance'), source('b', all('2'), 'balance')]);
    expect(differences.map(({ figure }) => figure)).toEqual([...names].sort());
  });

  it('add up', () => {
    const figures = new Map<string, bigint>();
    addTo(figures, 'credits EUR', 2n ** 63n);
    addTo(figures, 'credits EUR', 1n);
    expect(figures.get('credits EUR')).toBe(9_223_372_036_854_775_809n);
  });
});

describe('amounts on one scale', () => {
  it.each([
    ['0', 0n],
    ['1', 10_000n],
    ['1.5', 15_000n],
    ['-1.5', -15_000n],
    ['-0.01', -100n],
    ['0.0001', 1n],
    ['12345678901234.5678', 123_456_789_012_345_678n],
    ['-92233720368547758.08', -922_337_203_685_477_580_800n],
  ])('%s', (text, scaled) => {
    expect(toScaled(text)).toBe(scaled);
  });
});
