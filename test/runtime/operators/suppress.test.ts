import { type KTable, StreamsBuilder, type SuppressUntilTimeLimit, TimeWindows } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';
import { joined, WindowedDriver } from './windowed-driver.ts';

const serdes = { key: text, value: text };

function timeLimited(
  options: Omit<SuppressUntilTimeLimit<string, string>, 'name' | 'kind'>,
  commit: 'each' | 'manual' = 'each',
) {
  const builder = new StreamsBuilder();
  builder
    .table('in', { ...serdes, name: 'table' })
    .suppress({ name: 'held', kind: 'timeLimit', ...options })
    .toStream()
    .to('out');
  const driver = new TopologyTestDriver(builder.build(), { commit });
  const output = driver.outputTopic('out', serdes);
  const pipe = (key: string, value: string | null, timestamp: number, trace?: string) =>
    driver.inputTopic('in', serdes).pipe(key, value, {
      timestamp,
      ...(trace === undefined ? {} : { headers: [['trace', Buffer.from(trace)]] as const }),
    });
  const rows = () => output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]);
  return { driver, output, pipe, rows };
}

describe('suppress until windows close', () => {
  const suppressed = (name: string, maxRecords?: number) =>
    new WindowedDriver((grouped) =>
      grouped
        .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 5 }))
        .aggregate({ ...joined, name: 's', aggregator: (_k, v, all) => (v === 'delete' ? null : `${all}.${v}`) })
        .suppress({ name, kind: 'windowCloses', ...(maxRecords === undefined ? {} : { maxRecords }) }),
    );

  it('sends one row for each window, when stream time has passed its end and grace', () => {
    const subject = suppressed('final');
    expect(
      subject.run([
        ['a', '1', 3],
        ['b', '2', 4],
        ['a', '3', 14],
        ['a', 'late', 2],
      ]),
    ).toEqual([]);
    expect(subject.driver.storeEntries('final')).toHaveLength(3);
    expect(subject.run([['c', '4', 15]])).toEqual([
      ['a@0/10', '.1.late', 3],
      ['b@0/10', '.2', 4],
    ]);
    expect(subject.driver.storeEntries('final')).toHaveLength(2);
  });

  it('drops a row that was deleted before it was sent', () => {
    expect(
      suppressed('final').run([
        ['a', '1', 3],
        ['a', 'delete', 4],
        ['b', '2', 50],
      ]),
    ).toEqual([]);
  });

  it('a record that would overfill the bound fails, and leaves nothing behind', () => {
    const subject = suppressed('final', 2);
    expect(
      subject.run([
        ['a', '1', 3],
        ['b', '2', 4],
        ['c', '3', 5],
        ['a', '4', 6],
        ['a', '5', 15],
      ]),
    ).toEqual([
      ['a@0/10', '.1.4', 6],
      ['b@0/10', '.2', 4],
    ]);
    expect(subject.driver.counters.deadLetters).toBe(1);
  });
});

describe('suppress until a time limit', () => {
  it('sends the last change of each key, in the order in which the keys came, with its own time and headers', () => {
    const { output, pipe, rows } = timeLimited({ ms: 10 });
    pipe('b', '1', 0, 'first');
    pipe('a', '2', 1);
    pipe('b', '3', 5, 'second');
    expect(rows()).toEqual([]);
    pipe('c', '4', 10, 'unrelated');
    const [sent, ...others] = output.readAll();
    expect(sent).toMatchObject({
      key: 'b',
      value: '3',
      timestamp: 5,
      headers: [['trace', Uint8Array.from(Buffer.from('second'))]],
    });
    expect(others).toEqual([]);
    pipe('d', '5', 20);
    expect(rows()).toEqual([
      ['a', '2', 1],
      ['c', '4', 10],
    ]);
  });

  it('sends deletions on', () => {
    const { pipe, rows } = timeLimited({ ms: 10 });
    pipe('a', '1', 0);
    pipe('a', null, 3);
    pipe('b', '2', 10);
    expect(rows()).toEqual([['a', null, 3]]);
  });

  it('sends the oldest early when the bound is reached, or lets the record fail', () => {
    const early = timeLimited({ ms: 100, maxRecords: 2 });
    const failing = timeLimited({ ms: 100, maxRecords: 2, whenFull: 'fail' });
    for (const { pipe } of [early, failing]) {
      pipe('b', '1', 1);
      pipe('a', '2', 0);
      pipe('c', '3', 2);
    }
    expect(early.rows()).toEqual([['a', '2', 0]]);
    expect(failing.rows()).toEqual([]);
    expect(failing.driver.counters.deadLetters).toBe(1);
    expect(failing.driver.storeEntries('held')).toHaveLength(2);
  });

  it('holds the same back after a crash, and replays what was not committed', () => {
    const { driver, pipe, rows } = timeLimited({ ms: 10 }, 'manual');
    pipe('a', '1', 0);
    pipe('b', '2', 4);
    driver.commit();
    pipe('a', '3', 9);
    pipe('c', '4', 12);
    driver.crash();
    driver.commit();
    expect(rows()).toEqual([['a', '3', 9]]);
    driver.crash();
    pipe('d', '5', 30);
    driver.commit();
    expect(rows()).toEqual([
      ['b', '2', 4],
      ['c', '4', 12],
    ]);
  });

  it('shows those who read the table what was sent, not what is held back', () => {
    const builder = new StreamsBuilder();
    const held: KTable<string, string> = builder
      .table('in', { ...serdes, name: 'table' })
      .suppress({ name: 'held', kind: 'timeLimit', ms: 10 });
    builder
      .stream('asks', serdes)
      .leftJoin(held, (question, row) => `${question}: ${row}`)
      .to('out', serdes);
    const driver = new TopologyTestDriver(builder.build());
    const ask = (question: string) => driver.inputTopic('asks', serdes).pipe('a', question);
    const table = driver.inputTopic('in', serdes);
    table.pipe('a', '1', { timestamp: 0 });
    ask('held');
    table.pipe('b', 'x', { timestamp: 10 });
    ask('sent');
    table.pipe('a', '2', { timestamp: 11 });
    table.pipe('a', '3', { timestamp: 12 });
    ask('held again');
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', 'held: null'],
      ['a', 'sent: 1'],
      ['a', 'held again: 1'],
    ]);
  });
});
