import { openTopicFormats } from '../../../src/app/formats/open-topic-formats.ts';

/** The formats of the house's topics. Every other transaction is written as Avro, so that a cut has rows of both ways to make them. */
export const sinkFormats = await openTopicFormats({ format: 'avro', clock: Date.now });

const AVRO_TOPICS: ReadonlySet<string> = new Set([
  'ledger.transactions',
  'postings',
  'balances',
  'ledger.daily-summary',
]);

/** A value as the transaction of this number has it. */
export function valueBytes(topic: string, value: string | object, index: number): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (index % 2 === 0 || !AVRO_TOPICS.has(topic)) return Buffer.from(JSON.stringify(value));
  // The serde's buffer is used for the next value.
  return Buffer.from(sinkFormats.valueSerde(topic).serialize(value));
}

/** Its text: JSON, whatever it was written as. */
export function valueText(topic: string, bytes: Uint8Array): string {
  return AVRO_TOPICS.has(topic) ? JSON.stringify(sinkFormats.decodeValue(topic, bytes)) : Buffer.from(bytes).toString();
}
