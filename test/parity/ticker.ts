import { keyValueStore, type ProcessorContext, stringSerde } from 'headrace';
import { type Made, stream, streamIn } from './made.ts';
import type { Operator } from './scenario.ts';

const strings = { key: stringSerde, value: stringSerde };

/** Passes records on, and says at each punctuation how many it has seen. */
export function ticker(source: Made, operator: Operator, id: string): Made {
  const seen = keyValueStore({ name: `seen-${id}`, key: stringSerde, value: stringSerde });
  const type = operator.kind === 'stream' ? 'stream-time' : 'wall-clock';
  return stream(
    streamIn(source).stream.process({
      ...strings,
      name: `k${id}`,
      stores: { seen },
      processor: (context: ProcessorContext<{ seen: typeof seen }, string, string>) => {
        const count = () => Number(context.stores.seen.get('count') ?? '0');
        context.schedule({ everyMs: operator.everyMs!, type }, (at) => context.forward('tick', `${at}:${count()}`));
        return (key, value) => {
          context.stores.seen.put('count', String(count() + 1));
          context.forward(key, value);
        };
      },
    }),
  );
}
