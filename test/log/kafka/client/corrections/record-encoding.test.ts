import { expect, test } from 'vitest';
import { recordEncoding } from '../../../../../src/log/kafka/client/corrections/record-encoding.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, outcomeOf, stock } from '../libraries.ts';

interface Record {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: string;
  readonly headers: object;
  readonly batchContext: {
    readonly maxTimestamp: string;
    readonly producerId: string;
    readonly inTransaction: boolean;
  };
}

const mended = corrected(recordEncoding);

async function produced(load: LoadModule, messages: readonly object[], options: object = {}): Promise<Buffer> {
  const createRequest = load('src/protocol/requests/produce/v3/request') as (options: object) => {
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
  const topicData = [{ topic: 't', partitions: [{ partition: 0, firstSequence: 5, messages }] }];
  const request = createRequest({
    acks: -1,
    timeout: 1_000,
    producerId: '77',
    producerEpoch: 3,
    topicData,
    ...options,
  });
  return (await request.encode()).buffer;
}

/** The records of a produce request with one partition, by stock's decoder. */
async function decoded(request: Buffer): Promise<readonly Record[]> {
  const at = request.indexOf(Buffer.from([0, 1, 't'.charCodeAt(0)])) + 3 + 4 + 4;
  const Decoder = stock('src/protocol/decoder') as new (bytes: Buffer) => unknown;
  const decode = stock('src/protocol/requests/fetch/v4/decodeMessages') as (
    decoder: unknown,
  ) => Promise<readonly Record[]>;
  return decode(new Decoder(request.subarray(at)));
}

const TIMES = [1_700_000_000_000, 1_700_000_000_999, 1_700_000_000_123];
const messages = [
  { key: 'key', value: 'grüße', timestamp: String(TIMES[0]), headers: { one: 'a', more: ['b', Buffer.from('c')] } },
  { key: null, value: Buffer.alloc(300, 'x'), timestamp: String(TIMES[1]) },
  { key: Buffer.from('k'), value: null, timestamp: String(TIMES[2]), headers: {} },
];

test.each([{}, { transactionalId: 'txn' }, { compression: 1 }])(
  'the same records as stock, with %o',
  async (options) => {
    const ours = await produced(mended, messages, options);
    expect(await decoded(ours)).toEqual(await decoded(await produced(stock, messages, options)));
    if (!('compression' in options)) expect(ours.equals(await produced(stock, messages, options))).toBe(true);
  },
);

test('years before 2001 and after stand in one batch, whose greatest timestamp is the later one', async () => {
  const years = ['749520000000', '1767225600000'].map((timestamp) => ({ value: 'x', timestamp }));
  const max = async (load: LoadModule) => (await decoded(await produced(load, years)))[0]?.batchContext.maxTimestamp;
  expect(await max(stock)).toBe('749520000000');
  expect(await max(mended)).toBe('1767225600000');
  const told = (await decoded(await produced(mended, years))).map(({ timestamp }) => timestamp);
  expect(told).toEqual(['749520000000', '1767225600000']);
});

test('a header without a value', async () => {
  const message = [{ value: 'x', timestamp: '1', headers: { none: null } }];
  expect(await outcomeOf(produced(stock, message))).toBeInstanceOf(TypeError);
  expect((await decoded(await produced(mended, message)))[0]?.headers).toEqual({ none: null });
});

test('several times as fast', async () => {
  const [key, value] = [Buffer.from('account 17'), Buffer.alloc(80, 'x')];
  const many = Array.from({ length: 5_000 }, () => ({ key, value, timestamp: '1700000000000' }));
  const rounds = async (load: LoadModule): Promise<number> => {
    const began = process.cpuUsage();
    for (let round = 0; round < 10; round += 1) await produced(load, many);
    const { user, system } = process.cpuUsage(began);
    return user + system;
  };
  await rounds(stock);
  await rounds(mended);
  // Measured alone it is twelve times; other processes share the caches.
  expect(await rounds(stock)).toBeGreaterThan(2 * (await rounds(mended)));
});
