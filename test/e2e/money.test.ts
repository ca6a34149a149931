import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LocalNode } from '../../src/app/local-node.ts';
import { silentLogger } from '../../src/app/logger.ts';
import { recordsOf } from '../../src/app/node.ts';
import { formatMinorUnits, MINOR_UNITS_MAX } from '../../src/serde/money.ts';
import { endsWell, headrace, type RunningCommand, startHeadrace, workplace } from './headrace.ts';

const place = workplace();
afterAll(() => place.remove());

const DECIMALS = { JPY: 0, EUR: 2, BHD: 3, CLF: 4 } as const;
type Currency = keyof typeof DECIMALS;

interface Payment {
  readonly accountId: string;
  readonly currency: Currency;
  readonly minor: bigint;
  readonly amount: string;
}

const currency = fc.constantFrom<Currency>('JPY', 'EUR', 'BHD', 'CLF');
const minorUnits = fc.oneof(
  fc.constantFrom(1n, 9n, 10n, 2n ** 53n, 2n ** 53n + 1n, MINOR_UNITS_MAX - 1n, MINOR_UNITS_MAX),
  fc.bigInt({ min: 1n, max: MINOR_UNITS_MAX }),
  fc.bigInt({ min: MINOR_UNITS_MAX - 1_000n, max: MINOR_UNITS_MAX }),
);

/** A payment of its own account for each: limits in every currency, and whatever the seed draws. */
function payments(seed: number): readonly Payment[] {
  const limits = (Object.keys(DECIMALS) as Currency[]).flatMap((code) => [
    [code, 1n] as const,
    [code, MINOR_UNITS_MAX] as const,
  ]);
  const drawn = fc.sample(fc.tuple(currency, minorUnits), { numRuns: 200, seed });
  return [...limits, ...drawn].map(([code, minor], index) => ({
    accountId: `money-${index}`,
    currency: code,
    minor,
    amount: formatMinorUnits(minor, DECIMALS[code]),
  }));
}

const inputOf = ({ accountId, currency: code, amount }: Payment) => ({
  transactionId: `t-${accountId}`,
  accountId,
  direction: 'credit',
  amount,
  currency: code,
  occurredAt: '2026-02-03T04:05:06Z',
  kind: 'posting',
});

/** ClickHouse leaves trailing zeros out. */
function minorOf(decimal: string, code: Currency): bigint {
  const [whole = '', decimals = ''] = decimal.split('.');
  return BigInt(whole + decimals.padEnd(DECIMALS[code], '0'));
}

describe('money', () => {
  it('is the same to the last digit over HTTP, on the command line, in Avro and in ClickHouse', {
    timeout: 120_000,
  }, async () => {
    const seed = Date.now() % 2 ** 31;
    const all = payments(seed);
    const data = place.file('data');
    const owner = startHeadrace(['start', '--port', '0', '--no-traffic', '--data', data]);
    const address = await addressOf(owner);
    const [overHttp, byFile] = [all.filter((_, index) => index % 2 === 0), all.filter((_, index) => index % 2 === 1)];
    const posted = await fetch(`${address}/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(overHttp.map(inputOf)),
    });
    expect(posted.status).toBe(202);
    const lines = byFile.map((payment) => `${JSON.stringify(inputOf(payment))}\n`).join('');
    const ingested = await headrace(['ingest', '-', '--data', data], { stdin: lines });
    expect(ingested, ingested.err).toMatchObject({ status: 0 });

    for (const { accountId, currency: code, amount } of all) {
      const shown = `${amount} ${code} (seed ${seed})`;
      const status = await getJson(`${address}/accounts/${accountId}/transactions/t-${accountId}?waitMs=5000`);
      expect(JSON.stringify(status), shown).toContain(`"${amount}"`);
      const balance = await getJson(`${address}/accounts/${accountId}/balance`);
      expect(balance, shown).toMatchObject({ balances: [{ currency: code, booked: amount, available: amount }] });
    }
    const consumed = await headrace(['consume', 'ledger.transactions', '--data', data]);
    const values = consumed.out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { value: Record<string, string> }).value);
    expect(new Map(values.map((value) => [value.accountId, value.amount]))).toEqual(
      new Map(all.map(({ accountId, amount }) => [accountId, amount])),
    );
    await headrace(['reconcile', '--data', data]);
    const queried = await headrace([
      'query',
      '--json',
      'SELECT account_id, amount, balance_after, toString(amount) AS text FROM headrace.transactions',
      '--data',
      data,
    ]);
    const rows = queried.out.trimEnd().split('\n');
    expect(rows).toHaveLength(all.length);
    const byAccount = new Map(all.map((payment) => [payment.accountId, payment]));
    for (const row of rows) {
      const { account_id, amount, balance_after, text } = JSON.parse(row) as Record<string, string>;
      const payment = byAccount.get(account_id!)!;
      for (const each of [amount, balance_after, text]) {
        expect(minorOf(each!, payment.currency), `${payment.amount} (seed ${seed})`).toBe(payment.minor);
      }
    }
    owner.child.kill('SIGTERM');
    await endsWell(owner);
    expect(await minorUnitsInAvro(data)).toEqual(new Map(all.map(({ accountId, minor }) => [accountId, minor])));
  });
});

/** What a reader in any language makes of the bytes with nothing but the schema's file. */
async function minorUnitsInAvro(data: string): Promise<ReadonlyMap<string, bigint>> {
  const long = avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
  });
  const schema = fileURLToPath(new URL('../../schemas/ledger.transactions.avsc', import.meta.url));
  const type = avsc.Type.forSchema(JSON.parse(readFileSync(schema, 'utf8')) as avsc.Schema, {
    typeHook: (each) => ((each as { type?: unknown }).type === 'long' || each === 'long' ? long : undefined),
  });
  const node = await LocalNode.open({ dataDirectory: data, clock: Date.now, logger: silentLogger });
  const found = new Map<string, bigint>();
  try {
    for (const { partition, start, end } of await node.watermarks('ledger.transactions')) {
      for await (const { value } of recordsOf(node, 'ledger.transactions', partition, start, end)) {
        const bytes = Buffer.from(value!);
        expect(bytes[0]).toBe(0);
        const { accountId, amount } = type.fromBuffer(bytes.subarray(5)) as { accountId: string; amount: bigint };
        found.set(accountId, amount);
      }
    }
    return found;
  } finally {
    await node.close();
  }
}

/** Where a node says that it serves. */
function addressOf({ child, ended }: RunningCommand): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /serving at (\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    ended.then(({ err }) => reject(new RangeError(err)), reject);
  });
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  expect(response.status, url).toBe(200);
  return response.json();
}
