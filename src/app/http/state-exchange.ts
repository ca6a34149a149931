import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { HeadraceError } from '../../errors.ts';
import type { StateExchange } from '../../log/kafka/queries/state-exchange.ts';
import { STATE_PATH } from './state-routes.ts';

export interface HttpStateExchangeOptions {
  /** What all instances know, and nobody else; without it each has a token of its own, which stands in its subscriptions. */
  readonly secret?: string | undefined;
  /** Of this process: drawn anew at each start. */
  readonly token: string;
  /** How long an owner may take (3,000): less than the session of one that is dead. */
  readonly timeoutMs?: number;
}

const SECRET_CHARACTERS_MIN = 16;
const TIMEOUT_MS = 3_000;
/** More than any owner answers to one question. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/**
 * How instances ask each other for state over HTTP. An endpoint is the address of an instance, and its token unless there is a secret: what is
 * presented then is the HMAC-SHA256 of the address under the secret, good at that address only.
 */
export class HttpStateExchange implements StateExchange {
  readonly #options: HttpStateExchangeOptions;
  #address: string | undefined;

  /** Throws USAGE for a secret that is too short to be one. */
  constructor(options: HttpStateExchangeOptions) {
    this.#options = options;
    const { secret } = options;
    if (secret === undefined || secret.length >= SECRET_CHARACTERS_MIN) return;
    throw new HeadraceError(
      'USAGE',
      `HEADRACE_STATE_SECRET has ${secret.length} characters; it takes ${SECRET_CHARACTERS_MIN} at least, such as "openssl rand -hex 32" gives`,
    );
  }

  /** With the secret of the environment, if it has one, and a token of its own. Throws USAGE. */
  static ofProcess({ HEADRACE_STATE_SECRET: secret }: NodeJS.ProcessEnv): HttpStateExchange {
    const token = randomBytes(24).toString('base64url');
    return new HttpStateExchange({ token, secret: secret === '' ? undefined : secret });
  }

  /** From now on this process is asked there: a URL without a path. To be said before a member joins. */
  serveAt(address: string): void {
    this.#address = address;
  }

  endpoint(): string | undefined {
    if (this.#address === undefined) return undefined;
    return this.#options.secret === undefined ? `${this.#address} ${this.#options.token}` : this.#address;
  }

  /** Whether what was presented lets someone ask here. */
  isKey(presented: string | undefined): boolean {
    if (this.#address === undefined || presented === undefined) return false;
    const { secret, token } = this.#options;
    const expected = Buffer.from(secret === undefined ? token : proofFor(this.#address, secret));
    const given = Buffer.from(presented);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  async ask(endpoint: string, question: Uint8Array): Promise<Uint8Array> {
    const [address = '', token] = endpoint.split(' ');
    const key = token ?? this.#proofFor(address);
    try {
      const response = await fetch(`${address}${STATE_PATH}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: new Uint8Array(question),
        // The key is for this address alone.
        redirect: 'error',
        signal: AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS),
      });
      if (response.status === 401)
        throw unavailable(`${address} refuses the key: it was started anew, or has another HEADRACE_STATE_SECRET`);
      if (!response.ok) throw unavailable(`${address} answers with status ${response.status}`);
      if (Number(response.headers.get('content-length') ?? 0) > ANSWER_BYTES_MAX)
        throw unavailable(`${address} answers too much`);
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      if (error instanceof HeadraceError) throw error;
      throw unavailable(`${address} does not answer: ${reasonOf(error)}`, error);
    }
  }

  #proofFor(address: string): string {
    const { secret } = this.#options;
    if (secret !== undefined) return proofFor(address, secret);
    throw unavailable(`${address} wants the HEADRACE_STATE_SECRET that it was started with, and this process has none`);
  }
}

function proofFor(address: string, secret: string): string {
  return createHmac('sha256', secret).update(address).digest('base64url');
}

function unavailable(message: string, cause?: unknown): HeadraceError {
  return new HeadraceError('STATE_UNAVAILABLE', message, {
    retriable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What fetch hides beneath "fetch failed". */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & {
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  if (name === 'TimeoutError') return 'it takes too long';
  return cause?.code ?? cause?.message ?? message;
}
