import { HeadraceError } from '../../errors.ts';

export interface RegistryRequestsOptions {
  /** `https://user:password@host:port/path`; user and password are sent as basic authentication and never told. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly requestTimeoutMs?: number;
}

/** What the registry answered: a body, or that it has no such thing. */
export type Answer = { readonly body: Readonly<Record<string, unknown>> } | { readonly missing: string };

const REQUEST_TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 4;
/** Between two attempts, doubled each time. */
const BACK_OFF_MS = 200;
const BODY_BYTES_MAX = 4 * 1024 * 1024;
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json';

/** Requests to Confluent's REST API, each with a time-out and bounded attempts. */
export class RegistryRequests {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: RegistryRequestsOptions;
  readonly #closed = new AbortController();

  /** Throws USAGE for what is no URL of http or https. */
  constructor(options: RegistryRequestsOptions) {
    let url: URL;
    try {
      url = new URL(options.url);
    } catch {
      throw new HeadraceError('USAGE', 'The address of the schema registry is no URL such as http://127.0.0.1:8081');
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new HeadraceError('USAGE', `The schema registry is asked over http or https, not ${url.protocol}`);
    }
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#headers = {
      accept: CONTENT_TYPE,
      'content-type': CONTENT_TYPE,
      ...(user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
    };
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    this.#options = options;
  }

  /** The address without user and password. */
  get address(): string {
    return this.#base;
  }

  /** Ends the requests under way; they reject. */
  close(): void {
    this.#closed.abort();
  }

  /**
   * Rejects with SCHEMA_UNAVAILABLE (retriable) where the registry can't be asked, with SCHEMA_INCOMPATIBLE or
   * SCHEMA_INVALID where it refuses the schema that is sent.
   */
  async send(path: string, body?: unknown, attempts = ATTEMPTS_MAX): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sendOnce(path, body);
      } catch (error) {
        const isWorthIt = error instanceof HeadraceError && error.retriable && attempt < attempts;
        if (!isWorthIt || this.#closed.signal.aborted) throw error;
        await this.#sleep(BACK_OFF_MS * 2 ** (attempt - 1));
      }
    }
  }

  async #sendOnce(path: string, body: unknown): Promise<Answer> {
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.#options;
    const signal = AbortSignal.any([AbortSignal.timeout(requestTimeoutMs), this.#closed.signal]);
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    let response: Response;
    let text: string;
    try {
      const send = this.#options.fetch ?? fetch;
      response = await send(`${this.#base}${path}`, { ...request, headers: this.#headers, signal, redirect: 'error' });
      text = await readBody(response);
    } catch (error) {
      throw this.#unavailable(`does not answer (${reasonOf(error, requestTimeoutMs)})`, error);
    }
    return this.#judge(response, text);
  }

  #judge(response: Response, text: string): Answer {
    const body = parseObject(text);
    const said = typeof body?.message === 'string' ? body.message.slice(0, 500) : `status ${response.status}`;
    if (response.ok) {
      if (body !== undefined) return { body };
      throw this.#unavailable('answers with something else than JSON; is the address that of a schema registry?');
    }
    switch (response.status) {
      case 404:
        // Only the registry's own 404 says that there is no such schema; one of a proxy says nothing.
        if (typeof body?.error_code === 'number') return { missing: said };
        throw this.#unavailable('answers 404 without the body of a schema registry; check the path of its address');
      case 401:
      case 403:
        throw this.#unavailable(`refuses the user (${said}); write user and password as http://user:password@host`);
      case 409:
        throw new HeadraceError('SCHEMA_INCOMPATIBLE', `The schema registry refuses the schema: ${said}`);
      case 422:
        throw new HeadraceError('SCHEMA_INVALID', `The schema registry refuses the schema: ${said}`);
      default:
        throw this.#unavailable(`fails (${said})`);
    }
  }

  #unavailable(what: string, cause?: unknown): HeadraceError {
    return new HeadraceError('SCHEMA_UNAVAILABLE', `The schema registry at ${this.#base} ${what}`, {
      retriable: true,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #sleep(milliseconds: number): Promise<void> {
    return this.#options.sleep?.(milliseconds) ?? new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}

/** The body as text; rejects beyond the limit without reading on. */
async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) {
      throw new HeadraceError('SCHEMA_UNAVAILABLE', `an answer of more than ${BODY_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed", and what failed is its cause. */
function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `within ${timeoutMs} ms`;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : message;
}
