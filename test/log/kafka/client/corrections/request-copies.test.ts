import { afterEach, expect, test, vi } from 'vitest';
import { requestCopies } from '../../../../../src/log/kafka/client/corrections/request-copies.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

afterEach(() => vi.restoreAllMocks());

type CreateRequest = (outgoing: object) => Promise<{ readonly buffer: Buffer }>;

const BODY = Buffer.alloc(1_000_000, 'payment ');

async function created(load: LoadModule, clientId: string | null, encode: () => unknown) {
  const create = load('src/protocol/request') as CreateRequest;
  const request = { apiKey: 3, apiVersion: 9, encode: async () => encode() };
  return (await create({ correlationId: 70_000, clientId, request })).buffer;
}

function encoderOf(load: LoadModule): unknown {
  const Encoder = load('src/protocol/encoder') as new (size: number) => { writeBuffer(bytes: Buffer): unknown };
  return new Encoder(BODY.length).writeBuffer(BODY);
}

test.each([['client'], ['größer'], [null]])('the same bytes as stock for the client %s', async (clientId) => {
  const mended = corrected(requestCopies);
  const expected = await created(stock, clientId, () => encoderOf(stock));
  expect((await created(mended, clientId, () => encoderOf(mended))).equals(expected)).toBe(true);
});

test('zero-filled copies are not made', async () => {
  const filled = vi.spyOn(Buffer, 'alloc');
  const bytesFilled = async (load: LoadModule): Promise<number> => {
    const encoder = encoderOf(load);
    filled.mockClear();
    await created(load, 'client', () => encoder);
    return filled.mock.calls.reduce((sum, [size]) => sum + size, 0);
  };
  expect(await bytesFilled(stock)).toBeGreaterThan(2 * BODY.length);
  expect(await bytesFilled(corrected(requestCopies))).toBe(0);
});

test('a body is whatever has its bytes in buffer', async () => {
  const body = () => ({ buffer: Buffer.from('body') });
  expect(await outcomeOf(created(stock, 'c', body))).toBeInstanceOf(Error);
  expect((await created(corrected(requestCopies), 'c', body)).subarray(15).toString()).toBe('body');
});
