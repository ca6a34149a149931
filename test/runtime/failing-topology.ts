import { HeadraceError, keyValueStore, type Serde, StreamsBuilder, type Topology } from 'headrace';
import { text } from '../text-serde.ts';

/** Text that refuses one value: what can't be produced. */
export const picky: Serde<string> = {
  serialize: (value) => {
    if (value.startsWith('unspeakable')) throw new TypeError(`no bytes for ${value}`);
    return text.serialize(value);
  },
  deserialize: text.deserialize,
};

/** Bytes that are no UTF-8. */
export const UNREADABLE = Uint8Array.of(0xff, 0xfe);

/**
 * Counts the records of a key in a store, forwards what it read with its number, and then fails by what it read: `boom` in the
 * operator, `unspeakable` at the sink `out`, `caught` at the sink as well, but the processor catches what its forward threw.
 */
export function failingTopology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream('in', { key: text, value: text })
    .process({
      name: 'number',
      stores: { seen: keyValueStore({ name: 'seen', key: text, value: text }) },
      key: text,
      value: picky,
      processor: (context) => (key, value) => {
        const count = Number(context.stores.seen.get(key!) ?? '0') + 1;
        context.stores.seen.put(key!, String(count));
        context.forward(key, `${value}#${count}`);
        if (value === 'boom') throw new RangeError('planted');
        if (value === 'full') throw new HeadraceError('STORAGE_FULL', 'planted', { retriable: true });
        if (value === 'two') context.forward(key, 'unspeakable');
        if (value !== 'caught') return;
        try {
          context.forward(key, 'unspeakable');
        } catch {
          context.forward(key, 'after all');
        }
      },
    })
    .to('out', { key: text, value: picky });
  return builder.build();
}
