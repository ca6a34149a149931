import { keyValueStore, StreamsBuilder, sessionStore, versionedStore, windowStore } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { RECORD_BYTES_MAX } from '../../../src/log/record-buffer.ts';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

describe('process', () => {
  const topology = () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .process({
        name: 'last-two',
        stores: { last: keyValueStore({ name: 'last', key: text, value: text }) },
        key: text,
        value: text,
        processor: (context) => (key, value, record) => {
          const before = context.stores.last.get(key!);
          context.stores.last.put(key!, value ?? undefined);
          context.forward(key, `${before ?? '-'}>${value}`);
          if (value === 'twice')
            context.forward(key, `again@${record.offset}`, { timestamp: 7, headers: [['h', Buffer.from('v')]] });
          if (value === 'boom') throw new RangeError('planted');
        },
      })
      .to('out');
    return builder.build();
  };

  it('reads its own writes, and forwards with timestamps and headers of its own', () => {
    const driver = new TopologyTestDriver(topology());
    const input = driver.inputTopic('in', serdes);
    for (const value of ['x', 'twice', null, 'y']) input.pipe('a', value, { timestamp: 3 });
    const out = driver.outputTopic('out', serdes).readAll();
    expect(out.map(({ value }) => value)).toEqual(['->x', 'x>twice', 'again@1', 'twice>null', '->y']);
    expect(out.map(({ timestamp }) => timestamp)).toEqual([3, 3, 7, 3, 3]);
    expect(out.map(({ headers }) => headers.length)).toEqual([0, 0, 1, 0, 0]);
  });

  it('a record that fails is undone whole, goes to dead letters with its bytes, and the next one goes on', () => {
    const driver = new TopologyTestDriver(topology(), { commit: 'manual' });
    const input = driver.inputTopic('in', serdes);
    input.pipe('a', 'x');
    input.pipe('a', 'boom', { headers: [['mine', Buffer.from('1')]] });
    input.pipe('a', 'y');
    driver.commit();
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', '->x'],
      ['a', 'x>y'],
    ]);
    const [letter, ...others] = driver.outputTopic('in.dlq', serdes).readAll();
    expect(others).toEqual([]);
    expect([letter!.key, letter!.value]).toEqual(['a', 'boom']);
    const headers = Object.fromEntries(letter!.headers.map(([name, value]) => [name, Buffer.from(value!).toString()]));
    expect(headers).toMatchObject({
      mine: '1',
      '__streams.errors.exception': 'RangeError',
      '__streams.errors.message': 'last-two: planted',
      '__streams.errors.topic': 'in',
      '__streams.errors.partition': '0',
      '__streams.errors.offset': '1',
    });
  });

  it('bytes that do not decode go to dead letters as they came', () => {
    const driver = new TopologyTestDriver(topology());
    const input = driver.inputTopic('in', serdes);
    input.pipe('a', 'x');
    input.pipeBytes(Buffer.from('a'), Buffer.from([0xff, 0xfe]));
    input.pipe('a', 'y');
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', '->x'],
      ['a', 'x>y'],
    ]);
    const bytes = { serialize: (value: Uint8Array) => value, deserialize: (value: Uint8Array) => value };
    const [letter] = driver.outputTopic('in.dlq', { key: bytes, value: bytes }).readAll();
    expect([...letter!.value!]).toEqual([0xff, 0xfe]);
  });

  it('the largest record that there is still has room to become a dead letter', () => {
    const builder = new StreamsBuilder();
    builder.stream('in', serdes).process({
      name: 'fails',
      processor: () => () => {
        throw new RangeError('x'.repeat(100_000));
      },
    });
    const driver = new TopologyTestDriver(builder.build());
    const largest = 'v'.repeat(RECORD_BYTES_MAX - 100);
    driver.inputTopic('in', serdes).pipe('a', largest);
    expect(driver.outputTopic('in.dlq', serdes).readAll()[0]?.value).toBe(largest);
    expect(() => driver.inputTopic('in', serdes).pipe('a', `${largest}${'v'.repeat(100)}`)).toThrow(/over the limit/);
  });

  it('a crash between commits changes no result', () => {
    const run = (crashes: boolean) => {
      const driver = new TopologyTestDriver(topology(), { commit: 'manual', partitions: 2 });
      const input = driver.inputTopic('in', serdes);
      for (let i = 0; i < 30; i++) {
        input.pipe(`k${i % 5}`, i % 7 === 3 ? 'boom' : `v${i}`);
        if (i % 4 === 3) driver.commit();
        if (crashes && i % 3 === 1) driver.crash();
      }
      driver.commit();
      return {
        out: driver.outputTopic('out', serdes).readAll(),
        letters: driver
          .outputTopic('in.dlq', serdes)
          .readAll()
          .map(({ value }) => value),
        state: driver.storeEntries('last'),
      };
    };
    expect(run(true)).toEqual(run(false));
  });

  it('processValues refuses another key', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .processValues({
        name: 'bad',
        value: text,
        processor: (context) => (_key, value) => context.forward('other', value),
      })
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    driver.inputTopic('in', serdes).pipe('a', 'x');
    expect(driver.outputTopic('out', serdes).readAll()).toEqual([]);
    expect(driver.outputTopic('in.dlq', serdes).readAll()).toHaveLength(1);
  });

  describe('with windows, sessions and versions', () => {
    /** Answers each record with what its stores say of it. */
    const driverOf = (commit: 'each' | 'manual' = 'each') => {
      const builder = new StreamsBuilder();
      const places = { key: text, value: text };
      builder
        .stream('in', serdes)
        .process({
          name: 'memory',
          stores: {
            windows: windowStore({ name: 'windows', ...places, windowMs: 10, retentionMs: 100 }),
            sessions: sessionStore({ name: 'sessions', ...places, retentionMs: 100 }),
            rows: versionedStore({ name: 'rows', ...places, historyMs: 100 }),
          },
          key: text,
          value: text,
          processor:
            ({ stores, forward }) =>
            (key, value, { timestamp }) => {
              const start = Math.floor(timestamp / 10) * 10;
              stores.windows.put(key!, start, `${stores.windows.get(key!, start) ?? ''}${value}`);
              const [near] = [...stores.sessions.fetch(key!, timestamp - 5, timestamp + 5)];
              if (near !== undefined) stores.sessions.put(key!, near[0], undefined);
              stores.sessions.put(
                key!,
                { start: near?.[0].start ?? timestamp, end: timestamp },
                `${near?.[1] ?? ''}${value}`,
              );
              stores.rows.put(key!, value ?? undefined, timestamp);
              if (value === 'boom') throw new RangeError('planted');
              const windows = [...stores.windows.fetch(key!, 0, timestamp)].map(
                (each) => `${each.start}:${each.value}`,
              );
              const sessions = [...stores.sessions.fetch(key!, 0, timestamp)].map(
                ([window, held]) => `${window.start}-${window.end}:${held}`,
              );
              forward(key, [windows.join(), sessions.join(), stores.rows.asOf(key!, 12) ?? '-'].join(' '));
            },
        })
        .to('out');
      return new TopologyTestDriver(builder.build(), { commit });
    };
    const said = (driver: TopologyTestDriver) =>
      driver
        .outputTopic('out', serdes)
        .readAll()
        .map(({ value }) => value);

    it('reads what it wrote, and what its retention has left is gone', () => {
      const driver = driverOf();
      const input = driver.inputTopic('in', serdes);
      for (const [value, timestamp] of [
        ['a', 1],
        ['b', 4],
        ['c', 12],
        ['d', 30],
      ] as const)
        input.pipe('k', value, { timestamp });
      expect(said(driver)).toEqual([
        '0:a 1-1:a a',
        '0:ab 1-4:ab b',
        '0:ab,10:c 1-4:ab,12-12:c c',
        '0:ab,10:c,30:d 1-4:ab,12-12:c,30-30:d c',
      ]);
      input.pipe('k', 'e', { timestamp: 1_000 });
      input.pipe('k', 'f', { timestamp: 1_001 });
      expect(said(driver).at(-1)).toBe('1000:ef 1000-1001:ef -');
    });

    it('a record that fails, and a crash before the commit, leave nothing in them', () => {
      const driver = driverOf('manual');
      const input = driver.inputTopic('in', serdes);
      input.pipe('k', 'a', { timestamp: 1 });
      driver.commit();
      input.pipe('k', 'boom', { timestamp: 2 });
      input.pipe('k', 'b', { timestamp: 3 });
      driver.crash();
      driver.commit();
      expect(said(driver)).toEqual(['0:a 1-1:a a', '0:ab 1-3:ab b']);
    });
  });
});
