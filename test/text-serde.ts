import type { Serde } from 'headrace';

/** Text as UTF-8; refuses what is not, so that tests can plant undecodable bytes. */
export const text: Serde<string> = {
  serialize: (value) => Buffer.from(value, 'utf8'),
  deserialize: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
};
