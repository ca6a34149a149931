import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One answer in place of the usual one: a status and a body, or the connection cut, or never a word. */
export type Fault = { readonly status: number; readonly body: string } | 'cut' | 'silence';

interface Stored {
  readonly id: number;
  readonly guid: string;
  readonly subject: string;
  readonly schema: string;
}

/** Speaks the part of Confluent's REST API that Headrace uses, on loopback, with faults on demand. */
export class RegistryServer {
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly faults: Fault[] = [];
  readonly #stored: Stored[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #port = 0;

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** The same port again after {@link listen}. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Registers as another producer would. */
  put(subject: string, schema: unknown, extra: Readonly<Record<string, unknown>> = {}): Stored {
    const id = 100 + this.#stored.length;
    const stored = {
      id,
      guid: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
      subject,
      schema: JSON.stringify(schema),
      ...extra,
    };
    this.#stored.push(stored);
    return stored;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests.push(`${method} ${url}`);
    this.authorizations.push(request.headers.authorization);
    const fault = this.faults.shift();
    if (fault === 'silence') return;
    if (fault === 'cut') {
      request.socket.destroy();
      return;
    }
    const [status, body] =
      fault === undefined ? this.#route(url, Buffer.concat(chunks).toString()) : [fault.status, fault.body];
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(body);
  }

  #route(url: string, text: string): readonly [status: number, body: string] {
    const found = (stored: Stored | undefined, code: number): readonly [number, string] =>
      stored === undefined
        ? [404, JSON.stringify({ error_code: code, message: 'Schema not found' })]
        : [200, JSON.stringify(stored)];
    const [, kind, name = '', rest] = url.split('/');
    if (kind === 'schemas' && name === 'ids')
      return found(
        this.#stored.find(({ id }) => id === Number(rest)),
        40403,
      );
    if (kind === 'schemas' && name === 'guids')
      return found(
        this.#stored.find(({ guid }) => guid === rest),
        40403,
      );
    const subject = decodeURIComponent(name);
    const version = /\/versions\/(latest|\d+)$/.exec(url)?.[1];
    if (version !== undefined) {
      const versions = this.#stored.filter((each) => each.subject === subject);
      return found(version === 'latest' ? versions.at(-1) : versions[Number(version) - 1], 40402);
    }
    const { schema } = JSON.parse(text) as { readonly schema: string };
    const known = this.#stored.find((each) => each.subject === subject && each.schema === schema);
    if (rest !== 'versions') return found(known, 40401);
    return found(known ?? this.put(subject, JSON.parse(schema)), 0);
  }
}
