import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onEndSignals } from '../../../src/app/cli/end-signals.ts';

function setUp() {
  const source = new EventEmitter();
  const state = { now: 1_000, events: [] as string[] };
  const stop = onEndSignals({
    source,
    clock: () => state.now,
    onFirst: () => void state.events.push('first'),
    onFurther: () => void state.events.push('further'),
  });
  return { source, state, stop };
}

describe('signals to end', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s asks for an orderly end', (signal) => {
    const { source, state } = setUp();
    source.emit(signal);
    expect(state.events).toEqual(['first']);
  });

  it('that come together are one, as Ctrl-C under npm sends two', () => {
    const { source, state } = setUp();
    source.emit('SIGINT');
    state.now += 499;
    source.emit('SIGINT');
    expect(state.events).toEqual(['first']);
  });

  it('end at once when one comes again', () => {
    const { source, state } = setUp();
    source.emit('SIGINT');
    state.now += 500;
    source.emit('SIGTERM');
    expect(state.events).toEqual(['first', 'further']);
  });

  it('are nobody else to hear after the end', () => {
    const { source, stop } = setUp();
    stop();
    expect(source.eventNames()).toEqual([]);
  });
});
