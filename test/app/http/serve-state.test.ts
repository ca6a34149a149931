import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { advertisedAddress } from '../../../src/app/http/advertised.ts';
import { serveState } from '../../../src/app/http/serve-state.ts';
import { HttpStateExchange } from '../../../src/app/http/state-exchange.ts';
import { HeadraceError } from '../../../src/errors.ts';

const SECRET = 'a secret that all instances know';
const bytes = (text: string) => Buffer.from(text);
const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close();
});

async function instance(options: { readonly secret?: string; readonly token?: string } = {}) {
  const exchange = new HttpStateExchange({ token: 'token-of-one', timeoutMs: 500, ...options });
  const questions: string[] = [];
  const answer = async (question: Uint8Array) => {
    const text = Buffer.from(question).toString();
    questions.push(text);
    if (text === 'none') throw new HeadraceError('INPUT_INVALID', `no question: ${text}`);
    if (text === 'ending') throw new HeadraceError('LOG_CLOSED', 'The log is closed');
    return bytes(`answer to ${text}`);
  };
  const server = await serveState({ exchange, answer, host: '127.0.0.1' });
  closing.push(server);
  return { exchange, questions, ...server };
}
const asker = (secret?: string) =>
  new HttpStateExchange({ token: 'token-of-another', timeoutMs: 500, ...(secret === undefined ? {} : { secret }) });

describe('instances that ask each other', () => {
  it('present the token that stands in the endpoint', async () => {
    const { exchange, address } = await instance();
    expect(exchange.endpoint()).toBe(`${address} token-of-one`);
    const answer = await asker().ask(exchange.endpoint()!, bytes('question'));
    expect(Buffer.from(answer).toString()).toBe('answer to question');
  });

  it('have no token in the endpoint where they share a secret, and present what is good at one address only', async () => {
    const { exchange, address, questions } = await instance({ secret: SECRET });
    expect(exchange.endpoint()).toBe(address);
    expect(Buffer.from(await asker(SECRET).ask(address, bytes('q'))).toString()).toBe('answer to q');
    let presented = '';
    const liar = createServer((request, response) => {
      presented = request.headers.authorization!;
      response.end('a lie');
    });
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    closing.push({ close: () => liar.close() });
    await asker(SECRET).ask(`http://127.0.0.1:${(liar.address() as AddressInfo).port}`, bytes('q'));
    const replayed = await fetch(`${address}/instances/state`, {
      method: 'POST',
      headers: { authorization: presented, 'content-type': 'application/json' },
      body: 'q',
    });
    expect(replayed.status).toBe(401);
    expect(questions).toEqual(['q']);
  });

  it.each([
    ['another token', 'http token', undefined],
    ['another secret', 'http', 'another secret of the same length'],
    ['no secret', 'http', undefined],
  ])('with %s are refused, with a message that has no key in it', async (_, form, secret) => {
    const { address, questions } = await instance(form === 'http' ? { secret: SECRET } : {});
    const asking = asker(secret).ask(form === 'http' ? address : `${address} token-of-none`, bytes('q'));
    await expect(asking).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE', retriable: true });
    await expect(asking).rejects.toThrow(address);
    await expect(asking).rejects.not.toThrow(/token-of|secret of the same/);
    expect(questions).toEqual([]);
  });

  it.each([
    ['POST', undefined, 401],
    ['POST', 'Bearer ', 401],
    ['POST', 'Bearer token-of-on', 401],
    ['POST', 'token-of-one', 401],
    ['GET', 'Bearer token-of-one', 404],
  ])('%s with authorization %s has status %i', async (method, authorization, status) => {
    const { address } = await instance();
    const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
    const response = await fetch(`${address}/instances/state`, {
      method,
      headers,
      ...(method === 'POST' ? { body: '{}' } : {}),
    });
    expect(response.status).toBe(status);
  });

  it('are told what the owner can not answer, without its words', async () => {
    const { exchange } = await instance();
    await expect(asker().ask(exchange.endpoint()!, bytes('ending'))).rejects.toThrow('status 503');
    await expect(asker().ask(exchange.endpoint()!, bytes('none'))).rejects.toThrow('status 400');
  });

  it('are told that nobody answers, or takes too long', async () => {
    const { exchange, close } = await instance();
    await close();
    await expect(asker().ask(exchange.endpoint()!, bytes('q'))).rejects.toThrow('ECONNREFUSED');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closing.push({ close: () => silent.closeAllConnections() }, { close: () => silent.close() });
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(asker().ask(`${address} token`, bytes('q'))).rejects.toThrow('it takes too long');
  });

  it('have a secret that is long enough, from the environment', () => {
    expect(() => HttpStateExchange.ofProcess({ HEADRACE_STATE_SECRET: 'short' })).toThrow(
      'HEADRACE_STATE_SECRET has 5',
    );
    const exchange = HttpStateExchange.ofProcess({});
    expect(exchange.endpoint()).toBeUndefined();
    exchange.serveAt('http://h:1');
    expect(exchange.endpoint()).toMatch(/^http:\/\/h:1 [\w-]{32}$/);
  });
});

describe('the address that is told to others', () => {
  it('is what is given, else where the server listens, by the name of the machine where it listens everywhere', () => {
    expect(advertisedAddress('http://127.0.0.1:8080', undefined, undefined)).toBe('http://127.0.0.1:8080');
    expect(advertisedAddress('https://10.0.0.7:8080', '10.0.0.7', undefined)).toBe('https://10.0.0.7:8080');
    expect(advertisedAddress('http://127.0.0.1:8080', '0.0.0.0', undefined)).toMatch(/^http:\/\/(?!127|0\.0).+:8080$/);
    expect(advertisedAddress('http://127.0.0.1:8080', '0.0.0.0', 'https://bank-1:443/')).toBe('https://bank-1');
  });

  it.each(['bank-1:8080', 'ftp://bank-1', 'http://bank-1/path', 'http://user@bank-1', 'http://bank-1?x'])(
    'is not %s',
    (advertise) => {
      expect(() => advertisedAddress('http://127.0.0.1:1', undefined, advertise)).toThrow('--advertise');
    },
  );
});
