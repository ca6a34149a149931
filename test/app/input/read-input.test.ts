import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readInput } from '../../../src/app/input/read-input.ts';
import { ROW_BYTES_MAX } from '../../../src/app/input/row-splitter.ts';
import { temporaryDirectory } from '../../embedded-log.ts';
import { csvLine, HEADER, jsonLine, readAll, summary, writeInput } from './inputs.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const file = (name: string, content: string | Buffer) => writeInput(directory.path, name, content);

describe('an input that is none', () => {
  it('is missing', async () => {
    const { error } = await readAll(`${directory.path}/none.csv`);
    expect(error).toMatchObject({ code: 'INPUT_NOT_FOUND', message: expect.stringContaining('none.csv') });
  });

  it('is a directory', async () => {
    const { error } = await readAll(directory.path);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('is a directory') });
  });

  it.each([
    ['empty', 'a.csv', '', 'is empty'],
    ['an empty gzip', 'a.csv.gz', gzipSync(''), 'is empty'],
    ['a byte order mark only', 'a.csv', '\ufeff', 'is empty'],
    ['blank lines only', 'a.ndjson', '\n\r\n \n', 'blank lines'],
    ['binary', 'a.csv', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0x0a, 0]), 'is not text'],
    ['binary within gzip', 'a.csv.gz', gzipSync(Buffer.alloc(100_000)), 'is not text'],
    ['UTF-16', 'a.csv', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), 'is UTF-16'],
    ['a header only', 'a.csv', `${HEADER}\n`, 'has a header but no rows'],
    ['a header without a line break', 'a.csv', HEADER, 'has a header but no rows'],
    ['a header that is not UTF-8', 'a.csv', Buffer.from('caf\xe9,b\n1,2\n', 'latin1'), 'not valid UTF-8'],
    ['a JSON array', 'a.json', `[${jsonLine('t1')}]`, 'a JSON array'],
    ['a .gz that is cut off in its header', 'a.csv.gz', gzipSync('x').subarray(0, 5), 'gzip cut off'],
  ])('is %s', async (_what, name, content, message) => {
    const { rows, error } = await readAll(file(name, content));
    expect(rows).toEqual([]);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining(message) });
    expect(error!.message).toContain(name);
  });

  it('takes bytes at random for binary', async () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed & 0xff;
    };
    const bytes = Buffer.from(Array.from({ length: 20_000 }, random));
    expect((await readAll(file('a.csv', bytes))).error).toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('standard input', () => {
  it('tells the format by the first character', async () => {
    expect(summary((await readAll('-', { stdin: Readable.from([`\n ${jsonLine('t2')}`]) })).rows)).toEqual(['2 t2']);
    expect(summary((await readAll('-', { stdin: Readable.from([`${HEADER}\n`, csvLine('t2')]) })).rows)).toEqual([
      '2 t2',
    ]);
    expect((await readAll('-', { stdin: Readable.from([]) })).error!.message).toContain('standard input is empty');
  });

  it('reads gzip, byte by byte', async () => {
    const bytes = [...gzipSync(`${HEADER}\r\n${csvLine('t2', { description: '"a\r\n""b"' })}\r\n${csvLine('t4')}`)];
    const { rows } = await readAll('-', { stdin: Readable.from(bytes.map((byte) => Buffer.of(byte))) });
    expect(summary(rows)).toEqual(['2 t2', '4 t4']);
  });

  it('hands out a row before the next has come', async () => {
    const stdin = new Readable({ read: () => undefined });
    stdin.push(`${jsonLine('t1')}\n`);
    const rows = readInput({ path: '-', stdin })[Symbol.asyncIterator]();
    expect((await rows.next()).value).toMatchObject({ fields: { transactionId: 't1' } });
    await rows.return?.();
  });

  it('ends quietly when it is stopped, without the row that it cut', async () => {
    const controller = new AbortController();
    const stdin = new Readable({ read: () => undefined });
    stdin.push(`${jsonLine('t1')}\n{"transactionId`);
    const rows = [];
    for await (const row of readInput({ path: '-', stdin, signal: controller.signal })) {
      rows.push(row);
      setTimeout(() => controller.abort(), 5);
    }
    expect(summary(rows)).toEqual(['1 t1']);
  });

  it('holds no more of endless input than it must', async () => {
    const chunk = Buffer.from('x'.repeat(1024 * 1024));
    async function* endless(chunks: number) {
      yield `${jsonLine('t1')}\n`;
      for (let i = 0; i < chunks; i++) yield chunk;
      yield `\n${jsonLine('t3')}\n`;
    }
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const rows = [];
    async function* watched() {
      for await (const piece of endless(300)) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield piece;
      }
    }
    for await (const row of readInput({ path: '-', stdin: watched() })) rows.push(row);
    expect(summary(rows)).toEqual(['1 t1', `2 rejected: is longer than ${ROW_BYTES_MAX} bytes`, '3 t3']);
    expect(most).toBeLessThan(150 * 1024 * 1024);
  });

  it('reads on only as rows are taken', async () => {
    let given = 0;
    async function* source() {
      while (true) {
        given++;
        yield `${jsonLine(`t${given}`)}\n`;
      }
    }
    const rows = readInput({ path: '-', stdin: source() })[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) await rows.next();
    expect(given).toBeLessThan(15);
    await rows.return?.();
  });
});

it('tells how far it is', async () => {
  const content = `${HEADER}\n${csvLine('t2')}\n`;
  const input = readInput({ path: file('a.csv', content) });
  expect(input.progress).toEqual({ bytesRead: 0, bytesTotal: undefined });
  for await (const _row of input) expect(input.progress.bytesTotal).toBe(content.length);
  expect(input.progress.bytesRead).toBe(content.length);
});

const CZECH = resolve(import.meta.dirname, '../../../../shared/data/czech-bank-transactions.csv.gz');

it.skipIf(!existsSync(CZECH))('reads the Czech bank file', async () => {
  const { rows, error } = await readAll(CZECH, {
    map: [
      'transactionId=trans_id',
      'accountId=account_id',
      'occurredAt=date',
      'direction=direction',
      'amount=amount',
      'description=purpose',
    ],
    set: ['currency=CZK', 'kind=posting'],
  });
  expect(error).toBeUndefined();
  expect(rows).toHaveLength(9_561);
  expect(rows.filter(({ kind }) => kind === 'rejected')).toEqual([]);
  expect(rows[0]).toEqual({
    kind: 'transaction',
    line: 2,
    fields: {
      transactionId: '771035',
      accountId: '2632',
      direction: 'credit',
      amount: '1100.00',
      currency: 'CZK',
      occurredAt: '1993-01-02',
      kind: 'posting',
    },
  });
});
