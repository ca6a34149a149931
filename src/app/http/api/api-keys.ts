import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HeadraceError } from '../../../errors.ts';

interface ApiKey {
  readonly name: string;
  readonly digest: Buffer;
}

const LINE = /^([A-Za-z0-9._-]{1,64}):([0-9a-fA-F]{64})$/;
const KEYS_MAX = 1_000;

/**
 * The keys of the clients that are let in, as SHA-256: a file of lines `name:hex`, `#` begins a comment. A plain digest is
 * enough, for a key is long and random and not a password. Throws USAGE for a file that can't be used.
 */
export class ApiKeys {
  readonly #keys: readonly ApiKey[];

  constructor(text: string, file = 'the file of API keys') {
    const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, '').trim());
    const keys: ApiKey[] = [];
    lines.forEach((line, index) => {
      if (line === '') return;
      const match = LINE.exec(line);
      // The line is not shown: somebody may have put the key itself there.
      if (match === null) throw usage(`${file}, line ${index + 1}, is not "name:SHA-256 of the key in hex"`);
      if (keys.some(({ name }) => name === match[1])) throw usage(`${file} names ${match[1]} twice`);
      keys.push({ name: match[1]!, digest: Buffer.from(match[2]!, 'hex') });
    });
    if (keys.length === 0) throw usage(`${file} holds no key`);
    if (keys.length > KEYS_MAX) throw usage(`${file} holds ${keys.length} keys, the limit is ${KEYS_MAX}`);
    this.#keys = keys;
  }

  static ofFile(path: string): ApiKeys {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new HeadraceError('USAGE', `The file of API keys ${path} can't be read`, { cause });
    }
    return new ApiKeys(text, path);
  }

  /** The name of the client whose key this is. Takes the same time for every key that is none. */
  clientOf(key: string): string | undefined {
    const digest = createHash('sha256').update(key, 'utf8').digest();
    let found: string | undefined;
    for (const { name, digest: known } of this.#keys) if (timingSafeEqual(digest, known)) found = name;
    return found;
  }
}

/** The key that a request presents, as `Authorization: Bearer` or `X-API-Key`. */
export function presentedKey(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (typeof authorization === 'string') {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization);
    if (bearer !== null) return bearer[1];
  }
  return typeof apiKey === 'string' ? apiKey : undefined;
}

function usage(message: string): HeadraceError {
  return new HeadraceError('USAGE', message);
}
