import type { Serde, Topology } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import type { Headers } from '../../src/log/record.ts';
import { legs, texts } from './booking-topology.ts';

/** A driver over a topology that books (see booking-topology.ts). */
export function open(topology: Topology, options: TopologyTestDriverOptions = {}) {
  const driver = new TopologyTestDriver(topology, options);
  const input = driver.inputTopic('in', texts);
  const [out, letters] = [driver.outputTopic('legs', legs), driver.outputTopic('in.dlq', texts)];
  return {
    driver,
    pipe: (value: string, timestamp = 0) => input.pipe('k', value, { timestamp }),
    out: () => out.readAll().map(({ key, value }) => [key, value]),
    letters: () =>
      letters.readAll().map(({ value, headers }) => {
        const said = Object.fromEntries(headers.map(([name, bytes]) => [name, Buffer.from(bytes!).toString()]));
        return {
          value,
          code: said['__headrace.errors.code'],
          operator: said['__headrace.errors.operator'],
          message: said['__streams.errors.message'],
        };
      }),
    balances: () => driver.storeEntries<string, bigint>('balances'),
  };
}

export function messageOf(headers: Headers): string {
  return Buffer.from(headers.find(([name]) => name === '__streams.errors.message')![1]!).toString();
}

/** Whole numbers as text. */
export const numberSerde: Serde<number> = {
  name: 'number',
  serialize: (value) => Buffer.from(String(value)),
  deserialize: (bytes) => Number(Buffer.from(bytes).toString()),
};
