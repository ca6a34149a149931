import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROW_BYTES_MAX } from '../../../src/app/input/row-splitter.ts';
import { temporaryDirectory } from '../../embedded-log.ts';
import { jsonLine, readAll, summary, writeInput } from './inputs.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const file = (name: string, content: string | Buffer) => writeInput(directory.path, name, content);

describe('rows of NDJSON', () => {
  it('rejects what is no transaction and goes on', async () => {
    const card = '4111-1111-1111-1111';
    const lines = [
      jsonLine('t1'),
      '{"transactionId":',
      '[1]',
      'null',
      '"text"',
      '{}',
      jsonLine('t7', { accountId: 7 }),
    ];
    lines.push(
      '',
      jsonLine('t9', { accountId: card }),
      jsonLine('t10', { description: card }),
      jsonLine('\ud800'),
      jsonLine('t12'),
    );
    const { rows } = await readAll(file('a.ndjson', lines.join('\n')));
    expect(summary(rows)).toEqual([
      '1 t1',
      '2 rejected: is not valid JSON',
      '3 rejected: is JSON, but not an object',
      '4 rejected: is JSON, but not an object',
      '5 rejected: is JSON, but not an object',
      '6 rejected: transactionId is missing',
      '7 rejected: accountId must be a string, it is a number',
      '9 rejected: accountId holds what looks like a card number; use an identifier that is none',
      '10 t10',
      '11 rejected: transactionId is not valid Unicode',
      '12 t12',
    ]);
    expect(rows[8]).toMatchObject({ fields: { description: '****-****-****-1111' } });
  });

  it('keeps fields as they are, drops others, and takes __proto__ and zero bytes for text', async () => {
    const lines = [
      jsonLine('t1', { amount: 12.5, other: 1 }),
      '{"__proto__":{"transactionId":"x","accountId":"y"},"amount":"1"}',
      '{"transactionId":"t3","accountId":"__proto__","__proto__":{"amount":"9"}}',
      '{"transactionId":"t4","accountId":"\\u0000\\u0000\\u0000\\u0000"}',
    ];
    const { rows } = await readAll(file('a.ndjson', lines.join('\n')));
    expect(rows).toEqual([
      { kind: 'transaction', line: 1, fields: { transactionId: 't1', accountId: 'a1', amount: 12.5 } },
      { kind: 'rejected', line: 2, reason: 'transactionId is missing', raw: lines[1] },
      { kind: 'transaction', line: 3, fields: { transactionId: 't3', accountId: '__proto__' } },
      { kind: 'transaction', line: 4, fields: { transactionId: 't4', accountId: '\0\0\0\0' } },
    ]);
    expect(({} as Record<string, unknown>).transactionId).toBeUndefined();
  });

  it('takes properties of the row itself only, whatever --map names', async () => {
    const path = file('a.ndjson', `${jsonLine('t1')}\n{"transactionId":"t2","accountId":"a","__proto__":"x"}\n`);
    const { rows } = await readAll(path, { map: ['reference=__proto__', 'channel=toString'] });
    expect(rows).toMatchObject([{ fields: { transactionId: 't1' } }, { fields: { reference: 'x' } }]);
    expect(Object.keys((rows[0] as { fields: object }).fields)).toEqual(['transactionId', 'accountId', 'amount']);
  });

  it('rejects a huge line, keeps its beginning without a card number in part, and goes on', async () => {
    const start = `{"description":"${'x'.repeat(4_070)}`;
    const huge = `${start}4111 1111 1111 1111${'x'.repeat(ROW_BYTES_MAX)}"}`;
    const { rows } = await readAll(file('a.ndjson', [jsonLine('t1'), huge, jsonLine('t3')].join('\n')));
    expect(summary(rows)).toEqual(['1 t1', `2 rejected: is longer than ${ROW_BYTES_MAX} bytes`, '3 t3']);
    expect((rows[1] as { raw: string }).raw.length).toBeLessThan(4_097);
    expect(rows[1]).toMatchObject({ raw: start });
  });

  it('takes a row as long as the limit', async () => {
    const frame = jsonLine('t1', { description: '' }).length;
    const row = jsonLine('t1', { description: 'x'.repeat(ROW_BYTES_MAX - frame) });
    expect(summary((await readAll(file('a.ndjson', `${row}\n${row}x\n${jsonLine('t3')}`))).rows)).toEqual([
      '1 t1',
      `2 rejected: is longer than ${ROW_BYTES_MAX} bytes`,
      '3 t3',
    ]);
  });
});
