import { maskCardNumbers, StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { RECORD_BYTES_MAX } from '../../src/log/record-buffer.ts';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };

function letterOf(value: string, message: string, headers: readonly (readonly [string, Uint8Array])[] = []) {
  const builder = new StreamsBuilder();
  builder.stream('in', serdes).peek(() => {
    throw new RangeError(message);
  });
  const driver = new TopologyTestDriver(builder.build(), { redact: maskCardNumbers });
  driver.inputTopic('in', serdes).pipe('k', value, { headers });
  const [letter] = driver.outputTopic('in.dlq', serdes).readAll();
  return { ...letter!, said: new Map(letter!.headers.map(([name, bytes]) => [name, Buffer.from(bytes!).toString()])) };
}

describe('dead letters', () => {
  it('bound each text that they carry, so that a record as large as it may be still has a letter', () => {
    const envelope = 64;
    const { value, said } = letterOf('v'.repeat(RECORD_BYTES_MAX - envelope), 'é'.repeat(1_000_000));
    expect(value).toHaveLength(RECORD_BYTES_MAX - envelope);
    expect(said.get('__streams.errors.message')).toHaveLength(8_192);
    expect(said.get('__streams.errors.stacktrace')!.length).toBeLessThanOrEqual(8_192);
  });

  it('hold no card number, neither in bytes nor in texts', () => {
    const { value, said } = letterOf('card 4111111111111111', 'not 4111111111111111');
    expect(value).toBe('card ************1111');
    expect(said.get('__streams.errors.message')).toContain('not ************1111');
    expect([...said.values()].join()).not.toContain('4111111111111111');
  });

  it('say nothing of an earlier failure that the record brought along, and keep its other headers', () => {
    const stale = [
      '__streams.errors.offset',
      '__headrace.errors.code',
      '__headrace.parked.sequence',
      '__headrace.discarded.by',
    ];
    const headers = [...stale, 'trace'].map((name) => [name, Buffer.from('stale')] as const);
    const { said, headers: all } = letterOf('v', 'planted', headers);
    expect([...said].filter(([, value]) => value === 'stale')).toEqual([['trace', 'stale']]);
    expect(all).toHaveLength(1 + 6 + 4);
  });
});
