import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Member, STATE_KEY_BYTES_MAX, type StateChanges } from '../../../src/log/log.ts';
import {
  bufferOf,
  codeOf,
  drain,
  type LogUnderTest,
  type OpenLog,
  readAll,
  record,
  topic,
  withoutOffsets,
} from './log-under-test.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const entriesOf = (entries: Iterable<readonly [string, Uint8Array]>) =>
  [...entries].map(([key, value]) => [key, Buffer.from(value).toString('latin1')]);

export function commitCases(open: OpenLog): void {
  let under: LogUnderTest;
  let member: Member;
  let epoch: number;

  const join = async () => {
    member = await under.log.join({ group: 'g', member: 'm', topicSets: [['in']] });
    ({ epoch } = await drain(member));
  };
  const change = (
    store: string,
    entries: Iterable<readonly [string, Uint8Array | null]>,
    partition = 0,
  ): StateChanges => ({
    store,
    partition,
    entries,
  });

  beforeEach(async () => {
    under = await open();
    await under.log.createTopics([topic('in', { partitions: 2 }), topic('out', { partitions: 2 })]);
    await under.log.append([record('in', 'a', '1'), record('in', 'b', '2'), record('in', 'c', '3', { partition: 1 })]);
    await join();
  });
  afterEach(() => under.dispose());

  describe('commit', () => {
    const transaction = () => ({
      epoch,
      records: [
        { topic: 'out', partition: 0, buffer: bufferOf('x', 'y') },
        { topic: 'out', partition: 1, buffer: bufferOf('z') },
      ],
      offsets: [{ topic: 'in', partition: 0, offset: 2 }],
      stateChanges: [change('s', [['k', bytes('v')]])],
    });
    const seen = async () => [
      await readAll(under.log, 'out', 0),
      await readAll(under.log, 'out', 1),
      (await under.log.committedOffsets('g')).filter(({ offset }) => offset > 0),
      entriesOf(under.log.state('g').partition('s', 0).range()),
    ];

    it('writes records, offsets and state together, durably', async () => {
      await member.commit(transaction());
      const all = [['0 null=x', '1 null=y'], ['0 null=z'], [{ topic: 'in', partition: 0, offset: 2 }], [['k', 'v']]];
      expect(await seen()).toEqual(all);
      await under.crash();
      expect(await seen()).toEqual(all);
    });

    it('that is refused writes nothing, whatever is wrong with it', async () => {
      const none = [[], [], [], []];
      const right = transaction();
      const { end } = (await under.log.watermarks('in'))[0]!;
      const wrong: [string, Partial<ReturnType<typeof transaction>>][] = [
        ['MEMBER_FENCED', { epoch: epoch - 1 }],
        ['MEMBER_FENCED', { epoch: epoch + 1 }],
        ['COMMIT_REFUSED', { offsets: [{ topic: 'in', partition: 0, offset: end + 1 }] }],
        ['COMMIT_REFUSED', { offsets: [{ topic: 'in', partition: 0, offset: -1 }] }],
        ['COMMIT_REFUSED', { offsets: [{ topic: 'in', partition: 0, offset: 0.5 }] }],
        ['COMMIT_REFUSED', { offsets: [...right.offsets, { topic: 'out', partition: 0, offset: 0 }] }],
        ['COMMIT_REFUSED', { offsets: [{ topic: 'in', partition: 7, offset: 0 }] }],
        ['TOPIC_UNKNOWN', { records: [...right.records, { topic: 'nope', partition: 0, buffer: bufferOf('x') }] }],
        ['PARTITION_UNKNOWN', { records: [...right.records, { topic: 'out', partition: 2, buffer: bufferOf('x') }] }],
        [
          'KEY_TOO_LARGE',
          { stateChanges: [...right.stateChanges, change('s', [['x'.repeat(STATE_KEY_BYTES_MAX + 1), bytes('v')]])] },
        ],
        ['COMMIT_REFUSED', { stateChanges: [change('s', [['k', bytes('v')]], -1)] }],
      ];
      for (const [code, changes] of wrong) {
        expect(await codeOf(member.commit({ ...transaction(), ...changes }))).toBe(code);
        expect(await seen()).toEqual(none);
      }
      await member.commit(transaction());
      expect((await seen())[3]).toEqual([['k', 'v']]);
    });

    it('that is refused hurts no other that is written with it', async () => {
      const appended = under.log.append([record('out', null, 'appended')]);
      const refused = codeOf(member.commit({ ...transaction(), epoch: epoch + 5 }));
      const fine = member.commit({ ...transaction(), records: [] });
      expect(await refused).toBe('MEMBER_FENCED');
      await fine;
      await appended;
      expect(await readAll(under.log, 'out')).toEqual(['0 null=appended']);
      expect((await seen())[3]).toEqual([['k', 'v']]);
    });

    it('of a buffer over several batches keeps its order; the buffer can be used again', async () => {
      const values = Array.from({ length: 2_300 }, (_, i) => `${i}`);
      const buffer = bufferOf(...values);
      await member.commit({ ...transaction(), records: [{ topic: 'out', partition: 0, buffer }] });
      buffer.clear();
      buffer.append(1, null, Buffer.from('again'), []);
      await member.commit({ ...transaction(), records: [{ topic: 'out', partition: 0, buffer }] });
      const written = withoutOffsets(await readAll(under.log, 'out'));
      expect(written).toEqual([...values, 'again'].map((value) => `null=${value}`));
    });

    it('takes an empty buffer and no changes at all', async () => {
      await member.commit({
        epoch,
        records: [{ topic: 'out', partition: 0, buffer: bufferOf() }],
        offsets: [],
        stateChanges: [],
      });
      expect((await under.log.watermarks('out'))[0]).toEqual({ topic: 'out', partition: 0, start: 0, end: 0 });
    });

    it('may set an offset back, and moves no fetch position', async () => {
      await member.commit({ ...transaction(), records: [] });
      await member.commit({ ...transaction(), records: [], offsets: [{ topic: 'in', partition: 0, offset: 1 }] });
      const committed = (await under.log.committedOffsets('g')).filter(({ offset }) => offset > 0);
      expect(committed).toEqual([{ topic: 'in', partition: 0, offset: 1 }]);
      expect((await drain(member)).records).toEqual([]);
    });
  });
}
