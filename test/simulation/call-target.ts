import { StreamsBuilder, stringSerde } from 'headrace';
import type { SimulationOptions } from '../../src/testing/simulation/simulation-options.ts';

const serdes = { key: stringSerde, value: stringSerde };
const KEYS = ['a', 'b', 'c', 'd'];
const REQUESTS = 20;

/** Somebody outside who answers, refuses, fails for a while or never answers, by what is asked; and who knows what was asked before. */
export function callTarget(): SimulationOptions {
  const asked = new Map<string, { readonly value: string; attempts: number }>();
  const builder = new StreamsBuilder();
  builder
    .stream('requests', serdes)
    .callAsync({
      name: 'gateway',
      ...serdes,
      maxInFlight: 3,
      timeoutMs: 300,
      retry: { attemptsMax: 3, backOffMinMs: 10, backOffMaxMs: 100 },
      call: async ({ value, idempotencyKey }) => {
        const known = asked.get(idempotencyKey) ?? { value: value!, attempts: 0 };
        asked.set(idempotencyKey, known);
        known.attempts++;
        if (known.value !== value) throw new RangeError(`${idempotencyKey} asked for ${known.value}, now for ${value}`);
        if (value.startsWith('refused')) throw new RangeError('refused');
        if (value.startsWith('silent')) await new Promise(() => {});
        if (value.startsWith('slow') && known.attempts < 3) throw new RangeError('not yet');
        return `${value} is done`;
      },
    })
    .to('answers', serdes);
  return {
    stormMs: 2_000,
    applications: [{ application: 'calling', topology: builder.build() }],
    input: (draw) => {
      // Another run knows nothing of this one.
      asked.clear();
      return Array.from({ length: REQUESTS }, (_, number) => ({
        topic: 'requests',
        key: draw.pick(KEYS),
        value: `${draw.pick(['fine', 'fine', 'fine', 'slow', 'refused', 'silent'])} ${number}`,
      }));
    },
    // One key for each record that was asked about, whoever asked and however often.
    check: (log) => {
      const records = new Map<string, number>();
      for (const value of log.values('calling-gateway-requests-repartition', stringSerde)) {
        records.set(value!, (records.get(value!) ?? 0) + 1);
      }
      const keys = new Map<string, number>();
      for (const { value } of asked.values()) keys.set(value, (keys.get(value) ?? 0) + 1);
      for (const [value, count] of keys) {
        if (count > (records.get(value) ?? 0)) return `${value} was asked for under ${count} keys`;
      }
      return undefined;
    },
  };
}
