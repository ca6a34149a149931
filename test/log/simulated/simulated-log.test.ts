import { describe, expect, it } from 'vitest';
import type { FaultOptions } from '../../../src/log/simulated/faults.ts';
import { SimulatedLog } from '../../../src/log/simulated/simulated-log.ts';
import { bufferOf, codeOf, drain, readAll, record, topic } from '../../conformance/log/log-under-test.ts';

/** A small generator (mulberry32): the same seed gives the same numbers. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A worker that copies `in` to `out` exactly once through whatever the seed does; what happened, and what is there. */
async function copyThrough(
  seed: number,
  faults: FaultOptions,
): Promise<{ events: readonly string[]; out: readonly string[] }> {
  const random = seeded(seed);
  let log = new SimulatedLog({ random, faults });
  const events: string[] = [];
  await log.createTopics([topic('in'), topic('out')]);
  await log.append(Array.from({ length: 40 }, (_, i) => record('in', null, `${i}`)));
  let member = await log.join({ group: 'g', member: 'm', topicSets: [['in']] });
  let epoch = -1;
  for (let rounds = 0; rounds < 500; rounds++) {
    if (random() < 0.05) {
      log.crash();
      events.push('crash');
      log = log.reopen();
      member = await log.join({ group: 'g', member: 'm', topicSets: [['in']] });
    }
    const { assignment, batches } = await member.poll({ maxRecords: 3, timeoutMs: 10 });
    if (assignment !== undefined) epoch = assignment.epoch;
    const batch = batches[0];
    if (batch === undefined) {
      const [place] = await log.committedOffsets('g');
      if (place?.offset === 40) break;
      continue;
    }
    const values = Array.from({ length: batch.length }, (_, i) => Buffer.from(batch.valueAt(i)!).toString());
    const offset = batch.offsetAt(batch.length - 1) + 1;
    const code = await codeOf(
      member.commit({
        epoch,
        records: [{ topic: 'out', partition: 0, buffer: bufferOf(...values) }],
        offsets: [{ topic: 'in', partition: 0, offset }],
        stateChanges: [{ store: 's', partition: 0, entries: [['done', Buffer.from(`${offset}`)]] }],
      }),
    );
    events.push(`${code} ${values.join(' ')}`);
    const state = log.state('g').partition('s', 0).get('done');
    const [committed] = await log.committedOffsets('g');
    expect(state === undefined ? undefined : Number(Buffer.from(state).toString())).toBe(committed?.offset);
    if (code === 'COMMIT_REFUSED') member.seek({ topic: 'in', partition: 0 }, committed?.offset ?? 0);
    else if (code !== 'no error') member = await log.join({ group: 'g', member: 'm', topicSets: [['in']] });
  }
  return { events, out: await readAll(log, 'out') };
}

const ALL: FaultOptions = { refuseCommit: 0.15, unknownCommit: 0.2, fenceMember: 0.15, delayCommit: 0.3 };
const EXACTLY_ONCE = Array.from({ length: 40 }, (_, i) => `${i} null=${i}`);

describe('SimulatedLog', () => {
  it('draws every fault, and a worker that keeps to the contract copies exactly once through all of them', async () => {
    const codes = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      const { events, out } = await copyThrough(seed, ALL);
      expect(out, `seed ${seed}`).toEqual(EXACTLY_ONCE);
      for (const event of events)
        codes.add(
          event
            .split(' ')
            .slice(0, event.startsWith('no') ? 2 : 1)
            .join(' '),
        );
    }
    expect([...codes].sort()).toEqual(['COMMIT_REFUSED', 'COMMIT_UNKNOWN', 'MEMBER_FENCED', 'crash', 'no error']);
  });

  it('does the same for the same seed, and something else for another', async () => {
    const first = await copyThrough(7, ALL);
    expect(await copyThrough(7, ALL)).toEqual(first);
    expect((await copyThrough(8, ALL)).events).not.toEqual(first.events);
  });

  it('has both outcomes of an unknown commit', async () => {
    const outcomes = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const log = new SimulatedLog({ random: seeded(seed), faults: { unknownCommit: 1 } });
      await log.createTopics([topic('t')]);
      const member = await log.join({ group: 'g', member: 'm', topicSets: [['t']] });
      const { epoch } = await drain(member);
      const records = [{ topic: 't', partition: 0, buffer: bufferOf('x') }];
      expect(await codeOf(member.commit({ epoch, records, offsets: [], stateChanges: [] }))).toBe('COMMIT_UNKNOWN');
      expect(await codeOf(member.poll({ maxRecords: 1, timeoutMs: 0 }))).toBe('MEMBER_FENCED');
      outcomes.add((await log.watermarks('t'))[0]!.end);
    }
    expect([...outcomes].sort()).toEqual([0, 1]);
  });

  it('has no faults where none are asked for', async () => {
    const log = new SimulatedLog({ random: () => 0 });
    await log.createTopics([topic('t')]);
    const member = await log.join({ group: 'g', member: 'm', topicSets: [['t']] });
    const { epoch } = await drain(member);
    for (let i = 0; i < 20; i++) await member.commit({ epoch, records: [], offsets: [], stateChanges: [] });
  });

  it('waits in virtual time: an hour costs no time', async () => {
    const log = new SimulatedLog({ random: () => 0 });
    await log.awaitCommit(3_600_000);
    await log.close();
  });
});
