import { countSerde, StreamsBuilder, stringSerde } from 'headrace';
import { describe, expect, it } from 'vitest';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { checkInternalNames, checkNotShared, internalTopicsOf } from '../../src/runtime/internal-names.ts';
import { planJsonOf } from '../../src/streams/topology/plan-json.ts';

const serdes = { key: stringSerde, value: stringSerde };

function plan(repartition: string, source = 'in', sink = 'out') {
  const builder = new StreamsBuilder();
  builder
    .stream(source, { ...serdes, name: 'input' })
    .repartition({ ...serdes, name: repartition })
    .groupByKey()
    .count({ name: 'counts' })
    .toStream()
    .to(sink, { key: stringSerde, value: countSerde, name: 'output' });
  return builder.build().plan;
}

describe('names with the application before them', () => {
  it('are those of repartitions, which a reset passes over, and of idle ticks, which it keeps', () => {
    expect(internalTopicsOf(planJsonOf(plan('by-key')), 'app')).toEqual([
      { name: 'app-by-key-repartition', of: 'the repartition by-key', kind: 'repartition' },
      { name: 'app-in-idle-ticks', of: 'the idle ticks of in', kind: 'idleTicks' },
      {
        name: 'app-app-by-key-repartition-idle-ticks',
        of: 'the idle ticks of by-key-repartition',
        kind: 'idleTicks',
      },
    ]);
  });

  it.each<[string, ReturnType<typeof plan>, string, RegExp | undefined, boolean?]>([
    ['that fit', plan('by-key'), 'app', undefined],
    ['as long as they may be', plan('x'.repeat(100)), 'a'.repeat(62), undefined],
    [
      'too long with the application',
      plan('x'.repeat(200)),
      'a'.repeat(37),
      /of the repartition x+ of application a+ would have a name of 250 characters, and 249 is the most: shorten the name by 1/,
    ],
    [
      'too long with what dead letters add',
      plan('by-key', 's'.repeat(246)),
      'app',
      /dead letters of input of application app would have a name of 250/,
    ],
    [
      'too long for the idle ticks of it',
      plan('by-key', 's'.repeat(235)),
      'app',
      /the idle ticks of s+ of application app would have a name of 250/,
      true,
    ],
    [
      'of a topic that is read',
      plan('by-key', 'app-by-key-repartition'),
      'app',
      /app-by-key-repartition would belong to the repartition by-key of application app and to input, which reads it/,
    ],
    [
      'of a topic that is written',
      plan('by-key', 'in', 'app-by-key-repartition'),
      'app',
      /and to output, which writes it; give one of them another name/,
    ],
    [
      'that Kafka would take for the same',
      plan('by.key', 'app-by_key-repartition'),
      'app',
      /and to input, which reads it/,
    ],
  ])('%s', (_what, checked, application, message, hasIdleTicks = false) => {
    const check = () => checkInternalNames(checked, application, hasIdleTicks);
    if (message === undefined) expect(check).not.toThrow();
    else
      expect(check).toThrow(
        expect.objectContaining({ code: 'TOPOLOGY_INVALID', message: expect.stringMatching(message) }),
      );
  });

  it('that another application reads already are refused', async () => {
    const log = new SimulatedLog({ random: () => 0 });
    await log.createTopics([
      { name: 'a-b-c-repartition', partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 },
    ]);
    await checkNotShared(log, plan('c'), 'a-b');
    await log.resetGroup('a', {
      offsets: [{ topic: 'a-b-c-repartition', partition: 0, offset: 0 }],
      dropsState: false,
    });
    await checkNotShared(log, plan('b-c'), 'a');
    await expect(checkNotShared(log, plan('c'), 'a-b')).rejects.toThrow(
      'The topic a-b-c-repartition would belong to the repartition c of application a-b, and application a reads it already',
    );
  });
});
