import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionFor } from '../../../src/log/partitioner.ts';
import { RECORD_BYTES_MAX } from '../../../src/log/record-buffer.ts';
import { codeOf, type LogUnderTest, type OpenLog, readAll, record, topic } from './log-under-test.ts';

export function recordCases(open: OpenLog): void {
  let under: LogUnderTest;
  beforeEach(async () => {
    under = await open();
    await under.log.createTopics([topic('t', { partitions: 3 }), topic('u')]);
  });
  afterEach(() => under.dispose());

  describe('topics', () => {
    it('are created once, and again the same changes nothing', async () => {
      await under.log.append([record('u', 'k', 'v')]);
      await under.log.createTopics([topic('t', { partitions: 3 }), topic('u'), topic('w', { cleanup: 'compact' })]);
      expect((await under.log.topics()).map(({ name, partitions, cleanup }) => [name, partitions, cleanup])).toEqual([
        ['t', 3, 'delete'],
        ['u', 1, 'delete'],
        ['w', 1, 'compact'],
      ]);
      expect(await readAll(under.log, 'u')).toEqual(['0 k=v']);
    });

    it('with another number of partitions or another cleanup are a mismatch, and none of the call is created', async () => {
      expect(await codeOf(under.log.createTopics([topic('new'), topic('t', { partitions: 2 })]))).toBe(
        'TOPIC_MISMATCH',
      );
      expect(await codeOf(under.log.createTopics([topic('new'), topic('u', { cleanup: 'compact' })]))).toBe(
        'TOPIC_MISMATCH',
      );
      expect(await codeOf(under.log.createTopics([topic('a'), topic('a', { partitions: 2 })]))).toBe('TOPIC_MISMATCH');
      expect((await under.log.topics()).map(({ name }) => name)).toEqual(['t', 'u']);
    });

    it.each(['', '.', '..', 'a/b', 'a b', 'ä', 'a\u0000', 'x'.repeat(250), 'a:b'])(
      'refuse the name %j',
      async (name) => {
        expect(await codeOf(under.log.createTopics([topic(name)]))).toBe('TOPIC_INVALID');
      },
    );

    it.each(['__proto__', 'constructor', 'x'.repeat(249), 'A-z_0.9', '...'])('take the name %j', async (name) => {
      await under.log.createTopics([topic(name)]);
      await under.log.append([record(name, 'k', 'v')]);
      expect(await readAll(under.log, name)).toEqual(['0 k=v']);
    });

    it.each([
      { partitions: 0 },
      { partitions: 1.5 },
      { partitions: -1 },
      { partitions: Number.NaN },
      { retentionMs: -2 },
      { retentionBytes: 0.5 },
      { cleanup: 'both' as 'delete' },
    ])('refuse %j', async (changes) => {
      expect(await codeOf(under.log.createTopics([topic('new', changes)]))).toBe('TOPIC_INVALID');
    });

    it('that are unknown, and partitions that are unknown, are errors', async () => {
      for (const name of ['nope', '__proto__', 'constructor', 'toString']) {
        expect(await codeOf(under.log.append([record(name, 'k', 'v')]))).toBe('TOPIC_UNKNOWN');
        expect(await codeOf(under.log.watermarks(name))).toBe('TOPIC_UNKNOWN');
        expect(await codeOf(under.log.read(name, 0, 0))).toBe('TOPIC_UNKNOWN');
      }
      for (const partition of [3, -1, 0.5]) {
        expect(await codeOf(under.log.append([record('t', 'k', 'v', { partition })]))).toBe('PARTITION_UNKNOWN');
        expect(await codeOf(under.log.read('t', partition, 0))).toBe('PARTITION_UNKNOWN');
      }
    });
  });

  describe('append', () => {
    it('answers with the position of each record, in the order of the call', async () => {
      const order = [2, 0, 2, 1, 0, 2];
      const positions = await under.log.append(order.map((partition, i) => record('t', 'k', `${i}`, { partition })));
      expect(positions).toEqual([
        { topic: 't', partition: 2, offset: 0 },
        { topic: 't', partition: 0, offset: 0 },
        { topic: 't', partition: 2, offset: 1 },
        { topic: 't', partition: 1, offset: 0 },
        { topic: 't', partition: 0, offset: 1 },
        { topic: 't', partition: 2, offset: 2 },
      ]);
      expect(await readAll(under.log, 't', 2)).toEqual(['0 k=0', '1 k=2', '2 k=5']);
      const next = await under.log.append([record('t', 'k', 'v', { partition: 2 })]);
      const marker = under.isRemote ? 1 : 0;
      expect(next).toEqual([{ topic: 't', partition: 2, offset: 3 + marker }]);
    });

    it('keeps the order of calls that were made without waiting', async () => {
      const calls = Array.from({ length: 200 }, (_, i) => under.log.append([record('u', null, `${i}`)]));
      const positions = (await Promise.all(calls)).flat();
      expect(positions.map(({ offset }) => offset)).toEqual(calls.map((_, i) => i));
      expect(await readAll(under.log, 'u')).toEqual(calls.map((_, i) => `${i} null=${i}`));
    });

    it('of nothing answers with nothing', async () => {
      expect(await under.log.append([])).toEqual([]);
    });

    it('writes all of a call or none, and what others wait for is not hurt', async () => {
      const huge = record('u', 'k', null, { value: Buffer.alloc(RECORD_BYTES_MAX) });
      const before = under.log.append([record('u', 'k', 'before')]);
      expect(await codeOf(under.log.append([record('u', 'k', 'half'), huge]))).toBe('RECORD_TOO_LARGE');
      expect(
        await codeOf(under.log.append([record('u', 'k', 'half'), record('u', 'k', 'v', { timestamp: 1.5 })])),
      ).toBe('TIMESTAMP_INVALID');
      expect(await codeOf(under.log.append([record('u', 'k', 'half'), record('nope', 'k', 'v')]))).toBe(
        'TOPIC_UNKNOWN',
      );
      await under.log.append([record('u', 'k', 'after')]);
      await before;
      expect(await readAll(under.log, 'u')).toEqual(['0 k=before', '1 k=after']);
    });

    it('keeps a copy: what the caller does to its bytes afterwards changes nothing', async () => {
      const value = Buffer.from('right');
      const appended = under.log.append([record('u', 'k', null, { value })]);
      value.write('wrong');
      await appended;
      expect(await readAll(under.log, 'u')).toEqual(['0 k=right']);
    });

    it('takes a record of several megabytes', async () => {
      const value = Buffer.alloc(5_000_000, 7);
      await under.log.append([record('u', 'k', null, { value }), record('u', 'k', 'next')]);
      const batch = (await under.log.read('u', 0, 0))!;
      expect(Buffer.from(batch.valueAt(0)!).equals(value)).toBe(true);
      expect((await readAll(under.log, 'u')).at(-1)).toBe('1 k=next');
    });

    it('is refused when too much waits, and goes through later', async () => {
      await under.dispose();
      under = await open({ queuedRecordsMax: 10 });
      await under.log.createTopics([topic('u')]);
      const first = under.log.append(Array.from({ length: 10 }, (_, i) => record('u', 'k', `${i}`)));
      expect(await codeOf(under.log.append([record('u', 'k', 'late')]))).toBe('LOG_BACKPRESSURE');
      await first;
      await under.log.append([record('u', 'k', 'again')]);
      expect((await under.log.watermarks('u'))[0]!.end).toBe(11);
    });
  });

  describe('records', () => {
    it('keep null and empty keys and values apart', async () => {
      await under.log.append([
        record('u', null, null),
        record('u', '', ''),
        record('u', null, ''),
        record('u', '', null),
      ]);
      const batch = (await under.log.read('u', 0, 0))!;
      const kinds = [0, 1, 2, 3].map((i) => [batch.keyAt(i)?.length ?? null, batch.valueAt(i)?.length ?? null]);
      expect(kinds).toEqual([
        [null, null],
        [0, 0],
        [null, 0],
        [0, null],
      ]);
    });

    it('keep headers in order, also of the same name, with null and empty values', async () => {
      const headers = [
        ['a', Buffer.from('1')],
        ['__proto__', null],
        ['a', Buffer.alloc(0)],
        ['ü', Buffer.from([0, 255])],
        ['', null],
      ] as const;
      await under.log.append([record('u', 'k', 'v', { headers }), record('u', 'k', 'w')]);
      const batch = (await under.log.read('u', 0, 0))!;
      expect(batch.headersAt(0).map(([name, value]) => [name, value && [...value]])).toEqual([
        ['a', [49]],
        ['__proto__', null],
        ['a', []],
        ['ü', [0, 255]],
        ['', null],
      ]);
      expect(batch.headersAt(1)).toEqual([]);
      expect(Buffer.from(batch.valueAt(1)!).toString()).toBe('w');
    });

    it.each([0, -1, -62135596800000, 1, 4102444800000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
      'keep the timestamp %d',
      async (timestamp) => {
        await under.log.append([record('u', 'k', 'v', { timestamp })]);
        await under.reopen();
        expect((await under.log.read('u', 0, 0))!.timestampAt(0)).toBe(timestamp);
      },
    );

    it.each([Number.NaN, Infinity, 0.5, 2 ** 53])('refuse the timestamp %d', async (timestamp) => {
      expect(await codeOf(under.log.append([record('u', 'k', 'v', { timestamp })]))).toBe('TIMESTAMP_INVALID');
    });

    it('take any bytes as a key: four zero bytes, __proto__, not UTF-8', async () => {
      const keys = [Buffer.alloc(4), Buffer.from('__proto__'), Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(3000, 1)];
      await under.log.append(keys.map((key) => record('t', null, 'v', { key, partition: partitionFor(key, 3) })));
      const found: Buffer[] = [];
      for (const partition of [0, 1, 2]) {
        const batch = await under.log.read('t', partition, 0);
        for (let i = 0; i < (batch?.length ?? 0); i++) found.push(Buffer.from(batch!.keyAt(i)!));
      }
      expect(found.map((key) => key.toString('hex')).sort()).toEqual(keys.map((key) => key.toString('hex')).sort());
    });
  });

  describe('read', () => {
    it('begins at any offset, ends with null, and refuses what is outside', async () => {
      for (let i = 0; i < 5; i++) await under.log.append([record('u', null, `${i}a`), record('u', null, `${i}b`)]);
      for (let offset = 0; offset < 10; offset++)
        expect((await under.log.read('u', 0, offset))!.offsetAt(0)).toBe(offset);
      expect(await under.log.read('u', 0, 10)).toBeNull();
      for (const offset of [-1, 11, 0.5, Number.NaN]) {
        expect(await codeOf(under.log.read('u', 0, offset))).toBe('OFFSET_OUT_OF_RANGE');
      }
    });

    it('goes over many batches without a gap', async () => {
      const values = Array.from({ length: 2_500 }, (_, i) => `${i}`);
      await under.log.append(values.map((value) => record('u', null, value)));
      expect(await readAll(under.log, 'u')).toEqual(values.map((value, i) => `${i} null=${value}`));
    });

    it('hands out batches that stay as they are', async () => {
      await under.log.append([record('u', 'k', 'first')]);
      const batch = (await under.log.read('u', 0, 0))!;
      for (let i = 0; i < 50; i++) await under.log.append([record('u', 'k', 'x'.repeat(2000))]);
      expect(Buffer.from(batch.valueAt(0)!).toString()).toBe('first');
    });
  });

  describe('after a stop', () => {
    it('everything acknowledged is there, in order, and appends go on', async () => {
      await under.log.append([record('u', 'k', '1'), record('t', 'k', 'a', { partition: 2 })]);
      await under.reopen();
      await under.log.append([record('u', 'k', '2')]);
      await under.crash();
      const marker = under.isRemote ? 1 : 0;
      expect(await readAll(under.log, 'u')).toEqual(['0 k=1', `${1 + marker} k=2`]);
      expect(await readAll(under.log, 't', 2)).toEqual(['0 k=a']);
      expect(await under.log.append([record('u', 'k', '3')])).toEqual([
        { topic: 'u', partition: 0, offset: 2 + marker },
      ]);
    });

    it('without warning nothing is there in part', async () => {
      await under.log.append([record('u', 'k', 'safe')]);
      const calls = Array.from({ length: 5 }, (_, i) =>
        under.log.append([record('u', `${i}`, 'a'), record('t', `${i}`, 'b', { partition: 1 })]),
      );
      for (const call of calls) call.catch(() => {});
      await under.crash();
      const inU = (await readAll(under.log, 'u')).slice(1).map((text) => text.split(/[ =]/)[1]);
      const inT = (await readAll(under.log, 't', 1)).map((text) => text.split(/[ =]/)[1]);
      expect(inU).toEqual(inT);
      expect(inU).toEqual(inU.map((_, i) => `${i}`));
    });

    it('a closed log says so', async () => {
      const { log } = under;
      const member = await log.join({ group: 'g', member: 'm', topicSets: [['u']] });
      const state = log.state('g').partition('s', 0);
      const queued = log.append([record('u', 'k', 'v')]);
      const waiting = log.awaitCommit(1_000_000);
      const outcomes = Promise.all([codeOf(queued), codeOf(waiting)]);
      await log.close();
      await log.close();
      expect(await outcomes).toEqual(['LOG_CLOSED', 'LOG_CLOSED']);
      expect(await codeOf(log.append([record('u', 'k', 'v')]))).toBe('LOG_CLOSED');
      expect(await codeOf(log.read('u', 0, 0))).toBe('LOG_CLOSED');
      expect(await codeOf(log.topics())).toBe('LOG_CLOSED');
      expect(await codeOf(log.join({ group: 'g', member: 'm', topicSets: [] }))).toBe('LOG_CLOSED');
      expect(await codeOf(member.poll({ maxRecords: 1, timeoutMs: 0 }))).toBe('LOG_CLOSED');
      expect(await codeOf(member.commit({ epoch: 1, records: [], offsets: [], stateChanges: [] }))).toBe('LOG_CLOSED');
      expect(await codeOf(() => state.get('k'))).toBe('LOG_CLOSED');
    });
  });
}
