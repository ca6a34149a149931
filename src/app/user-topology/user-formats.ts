import { HeadraceError } from '../../errors.ts';
import type { OpenTopicFormats } from '../formats/open-topic-formats.ts';
import { plainJson } from '../state/plain-json.ts';
import type { KnownTopics } from './topic-serdes.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Values of a user's topics, as the topology's own serdes read them; those of other topics are JSON. */
export function userFormats({ serdes }: Pick<KnownTopics, 'serdes'>): OpenTopicFormats {
  const decodeValue: OpenTopicFormats['decodeValue'] = (topic, bytes, headers) => {
    if (bytes === null) return null;
    const known = serdes.get(topic);
    return known === undefined ? (JSON.parse(UTF8.decode(bytes)) as unknown) : known.value.deserialize(bytes, headers);
  };
  return {
    format: 'json',
    valueSerde: (topic) => {
      throw new HeadraceError('SCHEMA_UNKNOWN', `The topology has serdes of its own, and none is made for ${topic}`);
    },
    decodeValue,
    resolveValue: async (topic, bytes, headers) => plainJson(decodeValue(topic, bytes, headers)),
    plain: (topic, part, bytes, headers) => {
      const serde = serdes.get(topic)?.[part];
      try {
        return serde === undefined ? undefined : plainJson(serde.deserialize(bytes, headers));
      } catch {
        return undefined;
      }
    },
    close: () => undefined,
  };
}
