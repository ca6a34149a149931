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
  };
}
