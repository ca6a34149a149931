import { type ErrorPolicy, type ErrorRecord, type HeadraceError, keyValueStore, StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../text-serde.ts';
import { picky } from './failing-topology.ts';

const serdes = { key: text, value: text };

/** A processor that fails, or whose forward can't be produced, not by a record but by the time. */
function punctuated(fails: 'processing' | 'producing', type: 'stream-time' | 'wall-clock', policy: ErrorPolicy = {}) {
  const builder = new StreamsBuilder();
  builder
    .stream('in', serdes)
    .process({
      name: 'tick',
      stores: { ticks: keyValueStore({ name: 'ticks', key: text, value: text }) },
      key: text,
      value: picky,
      processor: (context) => {
        let isBroken = true;
        context.schedule({ everyMs: 10, type }, (timestamp) => {
          context.stores.ticks.put(String(timestamp), 'begun');
          context.forward('tick', `${timestamp}`);
          if (!isBroken) return;
          isBroken = false;
          if (fails === 'processing') throw new RangeError('planted');
          context.forward('tick', 'unspeakable');
        });
        return () => {};
      },
    })
    .to('out', { key: text, value: picky });
  const driver = new TopologyTestDriver(builder.build(), policy);
  const pass = (milliseconds: number) =>
    type === 'wall-clock'
      ? driver.advanceTime(milliseconds)
      : driver.inputTopic('in', serdes).pipe('k', 'v', { timestamp: milliseconds });
  const values = () => driver.outputTopic('out', serdes).readKeyValues();
  return { driver, pass, values };
}

describe.each(['stream-time', 'wall-clock'] as const)('a punctuation on %s that fails', (type) => {
  it.each<[string, ErrorPolicy]>([
    ['by default', {}],
    [
      'as there is nothing to bury',
      { errorHandlers: { processing: () => 'deadLetter', producing: () => 'deadLetter' } },
    ],
    ['where the handler says so', { errorHandlers: { processing: () => 'fail', producing: () => 'fail' } }],
  ])('ends the worker %s', (_why, policy) => {
    for (const [fails, code] of [
      ['processing', 'PROCESSING_FAILED'],
      ['producing', 'SERIALIZATION_FAILED'],
    ] as const) {
      const run = punctuated(fails, type, policy);
      expect(() => run.pass(10)).toThrow(
        expect.objectContaining({ code, where: expect.objectContaining({ task: '0_0' }) }),
      );
    }
  });

  it('is undone and passed over where it is to be skipped; its handler has no record to look at', () => {
    const seen: ErrorRecord[] = [];
    const skip = (_error: HeadraceError, record: ErrorRecord) => {
      seen.push(record);
      return 'skip' as const;
    };
    const run = punctuated('processing', type, { errorHandlers: { processing: skip } });
    run.pass(10);
    run.pass(type === 'wall-clock' ? 10 : 20);
    expect(run.values()).toEqual([['tick', '20']]);
    expect(run.driver.storeEntries('ticks')).toEqual([['20', 'begun']]);
    expect(run.driver.counters).toMatchObject({ dropped: 1, deadLetters: 0 });
    const nothing = { topic: undefined, offset: -1, key: null, value: null, headers: [] };
    expect(seen).toEqual([
      { ...nothing, task: '0_0', partition: 0, operator: 'tick', timestamp: 10, sinkTopic: undefined },
    ]);
  });

  it('leaves out a forward that can not be produced, where that is to be skipped', () => {
    const seen: ErrorRecord[] = [];
    const producing = (_error: HeadraceError, record: ErrorRecord) => {
      seen.push(record);
      return 'skip' as const;
    };
    const run = punctuated('producing', type, { errorHandlers: { producing } });
    run.pass(10);
    expect(run.values()).toEqual([['tick', '10']]);
    expect(run.driver.storeEntries('ticks')).toEqual([['10', 'begun']]);
    expect(seen).toMatchObject([
      { topic: undefined, offset: -1, key: null, value: null, timestamp: 10, sinkTopic: 'out' },
    ]);
  });
});
