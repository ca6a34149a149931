import type { LocalNodeOptions } from '../local-node-options.ts';
import { knownTopicsOf } from '../user-topology/topic-serdes.ts';
import { userFormats } from '../user-topology/user-formats.ts';
import { type OpenTopicFormats, openTopicFormats } from './open-topic-formats.ts';

/** The formats of a node's topics: those that its topology names, else those of the bank. Rejects as openTopicFormats does. */
export function formatsOf({
  loaded,
  clock,
  valueFormat = 'avro',
  schemaRegistry,
}: Pick<LocalNodeOptions, 'loaded' | 'clock' | 'valueFormat' | 'schemaRegistry'>): Promise<OpenTopicFormats> {
  if (loaded !== undefined) return Promise.resolve(userFormats(knownTopicsOf(loaded)));
  const registry = schemaRegistry === undefined ? {} : { registryUrl: schemaRegistry };
  return openTopicFormats({ format: valueFormat, clock, ...registry });
}
