import { type KTable, SessionWindows, StreamsBuilder, TimeWindows, type Windowed } from 'headrace';
import { describe, expect, it } from 'vitest';
import { driven, grouped, joined, type Row, send, serdes, subject, textOf } from './cached-driver.ts';

const cached = true;
const asText = (table: KTable<string, number>) => send(table.mapValues(String));

describe('a cached table', () => {
  it('sends the last update of each key with the commit, in the order in which they came', () => {
    const { driver, pipe, read, commit, output } = subject((stream) =>
      send(stream.groupByKey(grouped).aggregate({ ...joined, cached })),
    );
    pipe([
      ['a', '1', 5],
      ['b', '2', 6],
      ['a', '3', 4],
    ]);
    expect(read()).toEqual([]);
    driver.commit();
    const [b, a] = output.readAll();
    expect([b!.key, b!.value, b!.timestamp]).toEqual(['b', '2', 6]);
    expect([a!.key, a!.value, a!.timestamp]).toEqual(['a', '13', 5]);
    expect(textOf(a!.headers)).toBe('from: a=3');
    expect(commit()).toEqual([]);
    pipe([['a', '4', 7]]);
    expect(commit()).toEqual([['a', '134', 7]]);
  });

  it('without the option sends every one', () => {
    const { pipe, commit } = subject((stream) => send(stream.groupByKey(grouped).aggregate(joined)));
    pipe([
      ['a', '1'],
      ['a', '2'],
    ]);
    expect(commit()).toEqual([
      ['a', '1', 0],
      ['a', '12', 0],
    ]);
  });

  it('does not send a row that came and went, and deletes one that was sent, at the time of that record', () => {
    const { driver, pipe, commit } = subject((stream) =>
      send(stream.groupByKey(grouped).aggregate({ ...joined, cached })),
    );
    pipe([
      ['a', '1', 8],
      ['a', 'delete', 3],
      ['b', '1', 8],
    ]);
    expect(commit()).toEqual([['b', '1', 8]]);
    pipe([['b', 'delete', 3]]);
    expect(commit()).toEqual([['b', null, 3]]);
    expect(driver.storeEntries('joined')).toEqual([]);
  });

  it('holds for tables of topics, and of streams', () => {
    const rows: readonly Row[] = [
      ['a', '1', 1],
      ['b', null, 2],
      ['a', '2', 3],
    ];
    const builder = new StreamsBuilder();
    send(builder.table('in', { ...serdes, name: 't', cached }));
    const fromStream = subject((stream) => send(stream.toTable({ ...serdes, name: 't', cached })));
    for (const { pipe, commit } of [driven(builder), fromStream]) {
      pipe(rows);
      expect(commit()).toEqual([['a', '2', 3]]);
      pipe([['a', null, 4]]);
      expect(commit()).toEqual([['a', null, 4]]);
    }
  });

  it('has its newest row at once for those who read it', () => {
    const builder = new StreamsBuilder();
    const rates = builder.table('rates', { ...serdes, name: 'rates', cached });
    builder
      .stream('in', serdes)
      .join(rates, (value, rate) => `${value}*${rate}`, serdes)
      .to('out', serdes);
    const { pipe, commit } = driven(builder);
    pipe([['a', '2']], 'rates');
    pipe([['a', '5']]);
    pipe([['a', '3']], 'rates');
    pipe([['a', '6']]);
    expect(commit()).toEqual([
      ['a', '5*2', 0],
      ['a', '6*3', 0],
    ]);
  });

  it('tells a filter and a grouping below the row that was sent before', () => {
    const builder = new StreamsBuilder();
    const table = builder.table('in', { ...serdes, name: 't', cached }).filter((_key, value) => value !== 'hidden');
    asText(
      table.groupBy((_key, value) => [value, value], { ...serdes, name: 'by-value' }).count({ name: 'n', cached }),
    );
    const { pipe, commit } = driven(builder);
    pipe([
      ['k', 'red'],
      ['k', 'blue'],
      ['l', 'blue'],
    ]);
    expect(commit()).toEqual([['blue', '2', 0]]);
    pipe([
      ['k', 'hidden'],
      ['k', 'red'],
      ['l', 'hidden'],
    ]);
    // Both rows leave blue, where none is left, and one comes to red.
    expect(commit()).toEqual([
      ['red', '1', 0],
      ['blue', '0', 0],
    ]);
  });

  it('feeds a cached table below it in the same commit', () => {
    const { pipe, commit } = subject((stream) => {
      const first = stream.groupByKey(grouped).aggregate({ ...joined, cached });
      const second = first.toStream().groupByKey({ ...serdes, name: 'again' });
      asText(second.count({ name: 'updates', cached }));
    });
    pipe([
      ['a', '1'],
      ['a', '2'],
      ['a', '3'],
    ]);
    expect(commit()).toEqual([['a', '1', 0]]);
    pipe([['a', '4']]);
    expect(commit()).toEqual([['a', '2', 0]]);
  });

  it('is the same on a driver that commits each record, but for its silence about nothing', () => {
    const run = (options: { readonly cached?: boolean }) => {
      const { pipe, read } = subject(
        (stream) => {
          const words = stream.flatMapValues((value) => value.split(' ')).groupBy((_key, word) => word, grouped);
          asText(words.count({ name: 'n', ...options }));
        },
        { commit: 'each' },
      );
      pipe([
        ['x', 'to be or not to be', 1],
        ['x', 'to do', 2],
      ]);
      return read();
    };
    expect(run({ cached })).toEqual(run({}));
    expect(run({ cached })).toHaveLength(8);
  });
});

describe('the cache of windows', () => {
  const named = (table: KTable<Windowed<string>, string>) =>
    table
      .toStream()
      .map((key, value) => {
        const { key: own, window } = key;
        return [`${own}@${window.start}-${window.end}`, value];
      })
      .to('out', serdes);

  it('keeps the windows of a key apart', () => {
    const { pipe, commit } = subject((stream) =>
      named(
        stream
          .groupByKey(grouped)
          .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
          .aggregate({ ...joined, cached }),
      ),
    );
    pipe([
      ['a', '1', 3],
      ['a', '2', 12],
      ['a', '3', 14],
    ]);
    expect(commit()).toEqual([
      ['a@0-10', '1', 3],
      ['a@10-20', '23', 14],
    ]);
  });

  it('sends of sessions that were merged only what was known of them', () => {
    const { pipe, commit } = subject((stream) =>
      named(
        stream
          .groupByKey(grouped)
          .windowedBy(SessionWindows.of({ gapMs: 5, graceMs: 100 }))
          .aggregate({ ...joined, merger: (_key, one, other) => one + other, cached }),
      ),
    );
    pipe([
      ['a', '1', 0],
      ['a', '2', 4],
    ]);
    expect(commit()).toEqual([['a@0-4', '12', 4]]);
    pipe([
      ['a', '3', 12],
      ['a', '4', 8],
    ]);
    expect(commit()).toEqual([
      ['a@0-4', null, 4],
      ['a@0-12', '1234', 12],
    ]);
  });

  it('is refused where each window is sent once, and for a table with a history', () => {
    const windows = () =>
      subject((stream) => {
        const windowed = stream.groupByKey(grouped).windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }));
        named(windowed.aggregate({ ...joined, emit: 'onWindowClose', cached }));
      });
    expect(windows).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
    const history = () => subject((stream) => send(stream.toTable({ ...serdes, name: 't', historyMs: 10, cached })));
    expect(history).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
    const notTrue = () => subject((stream) => send(stream.toTable({ ...serdes, name: 't', cached: 'yes' as never })));
    expect(notTrue).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
  });
});
