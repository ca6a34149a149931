import { countSerde, JoinWindows, type KStream, StreamsBuilder, stringSerde } from 'headrace';
import { describe, expect, expectTypeOf, it } from 'vitest';

const serdes = { key: stringSerde, value: stringSerde };
const invalid = expect.objectContaining({ code: 'TOPOLOGY_INVALID' });

describe('JoinWindows', () => {
  it('are frozen data, to either side alike or apart', () => {
    const alike = JoinWindows.of({ timeDifferenceMs: 10, graceMs: 3 });
    expect(alike).toEqual({ beforeMs: 10, afterMs: 10, graceMs: 3 });
    expect(JoinWindows.of({ beforeMs: 0, afterMs: 7, graceMs: 0 })).toEqual({ beforeMs: 0, afterMs: 7, graceMs: 0 });
    expect(Object.isFrozen(alike)).toBe(true);
  });

  it.each([
    ['a negative difference', () => JoinWindows.of({ timeDifferenceMs: -1, graceMs: 0 })],
    ['a fraction', () => JoinWindows.of({ beforeMs: 0.5, afterMs: 1, graceMs: 0 })],
    ['an endless grace', () => JoinWindows.of({ timeDifferenceMs: 1, graceMs: Number.POSITIVE_INFINITY })],
    // @ts-expect-error A window without grace does not compile.
    ['no grace', () => JoinWindows.of({ timeDifferenceMs: 1 })],
    // @ts-expect-error Nor does one with half of its sides.
    ['one side', () => JoinWindows.of({ beforeMs: 1, graceMs: 0 })],
  ])('refuse %s', (_what, make) => {
    expect(make).toThrowError(invalid);
  });

  it('join streams of one type of key only, and say where a side may be missing', () => {
    const builder = new StreamsBuilder();
    const left = builder.stream('left', serdes);
    const right = builder.stream('right', { key: stringSerde, value: countSerde });
    const windows = JoinWindows.of({ timeDifferenceMs: 1, graceMs: 0 });
    const pair = <L, R>(one: L, two: R) => [one, two] as const;
    expectTypeOf(left.join(right, pair, { name: 'a', windows })).toEqualTypeOf<
      KStream<string, readonly [string, number]>
    >();
    expectTypeOf(left.leftJoin(right, pair, { name: 'b', windows })).toEqualTypeOf<
      KStream<string, readonly [string, number | null]>
    >();
    expectTypeOf(left.outerJoin(right, pair, { name: 'c', windows })).toEqualTypeOf<
      KStream<string, readonly [string | null, number | null]>
    >();
    const unlike = builder.stream('unlike', { key: countSerde, value: stringSerde });
    // @ts-expect-error Keys of another type can't be equal.
    left.join(unlike, pair, { name: 'd', windows });
  });
});
