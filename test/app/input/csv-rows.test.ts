import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROW_BYTES_MAX } from '../../../src/app/input/row-splitter.ts';
import { temporaryDirectory } from '../../embedded-log.ts';
import { csvLine, HEADER, readAll, summary, writeInput } from './inputs.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const file = (name: string, content: string | Buffer) => writeInput(directory.path, name, content);

describe('rows of CSV', () => {
  it('rejects what is no row and goes on', async () => {
    const lines = [HEADER, csvLine('t2'), 't3,a1,credit', `${csvLine('t4')},more`, ',a1,credit,1,EUR,2024,posting,'];
    lines.push(csvLine('t6', { account: '  ' }), csvLine('x'.repeat(201)), csvLine('4111111111111111'), csvLine('t9'));
    const { rows } = await readAll(file('a.csv', lines.join('\n')));
    expect(summary(rows)).toEqual([
      '2 t2',
      '3 rejected: has too few columns: 3, the header has 8',
      '4 rejected: has too many columns: 9, the header has 8',
      '5 rejected: transactionId is missing',
      '6 rejected: accountId is blank',
      '7 rejected: transactionId has 201 characters, the limit is 200',
      '8 rejected: transactionId holds what looks like a card number; use an identifier that is none',
      '9 t9',
    ]);
    expect(rows[1]).toMatchObject({ raw: 't3,a1,credit' });
  });

  it('rejects invalid UTF-8 in one row and keeps its bytes', async () => {
    const bad = Buffer.from(csvLine('t3', { description: 'caf\xe9' }), 'latin1');
    const content = Buffer.concat([
      Buffer.from(`${HEADER}\n${csvLine('t2')}\n`),
      bad,
      Buffer.from(`\n${csvLine('t4')}`),
    ]);
    const { rows } = await readAll(file('a.csv', content));
    expect(summary(rows)).toEqual(['2 t2', '3 rejected: is not valid UTF-8', '4 t4']);
    expect(rows[1]).toMatchObject({ raw: expect.stringContaining('caf\xe9') });
  });

  it.each(['NaN', '1e3', '"1,000"', '-1', '9223372036854775808', '12345678901234.5678'])(
    'leaves the amount %s to the ledger',
    async (amount) => {
      const { rows } = await readAll(file('a.csv', `${HEADER}\n${csvLine('t2', { amount })}`));
      expect(rows).toMatchObject([{ kind: 'transaction', fields: { amount: amount.replaceAll('"', '') } }]);
    },
  );

  it('takes __proto__ and zero bytes for identifiers like others', async () => {
    const content = [
      HEADER,
      csvLine('__proto__', { account: '__proto__' }),
      csvLine('t3', { account: '\0\0\0\0' }),
    ].join('\n');
    const padding = `\n${csvLine('t4', { description: 'x'.repeat(100) })}`;
    const { rows } = await readAll(file('a.csv', content + padding));
    expect(rows).toMatchObject([
      { fields: { transactionId: '__proto__', accountId: '__proto__' } },
      { fields: { transactionId: 't3', accountId: '\0\0\0\0' } },
      { fields: { transactionId: 't4' } },
    ]);
  });

  it('takes a column named __proto__ for a column like others', async () => {
    const { rows, error } = await readAll(file('a.csv', `${HEADER},__proto__\n${csvLine('t2')},x`), {
      map: ['reference=__proto__'],
    });
    expect(error).toBeUndefined();
    expect(rows).toMatchObject([{ fields: { transactionId: 't2', reference: 'x' } }]);
  });

  it('counts lines over quoted line breaks, CRLF, blank lines and a byte order mark', async () => {
    const quoted = '"two\r\nlines, and ""quotes"""';
    const lines = [
      `\ufeff${HEADER}`,
      csvLine('t2', { description: quoted }),
      '',
      csvLine('t5'),
      'short',
      csvLine('t7'),
    ];
    const { rows } = await readAll(file('a.csv', lines.join('\r\n')));
    expect(summary(rows)).toEqual(['2 t2', '5 t5', '6 rejected: has too few columns: 1, the header has 8', '7 t7']);
    expect(rows[0]).toMatchObject({ fields: { description: 'two\r\nlines, and "quotes"' } });
    expect(Object.keys((rows[1] as { fields: object }).fields)).not.toContain('description');
  });

  it('gives up one line for a wrong quote, not those behind it', async () => {
    const lines = [HEADER, csvLine('t2', { description: '"open' }), csvLine('t3', { description: '"fine"' })];
    lines.push(
      csvLine('t4', { description: '"a"b' }),
      csvLine('t5', { description: '5" pipe' }),
      csvLine('t6', { description: '"end' }),
    );
    const { rows } = await readAll(file('a.csv', lines.join('\n')));
    expect(summary(rows)).toEqual([
      '2 rejected: has text behind a closing quote',
      '3 t3',
      '4 rejected: has text behind a closing quote',
      '5 rejected: has a quote in a cell that does not begin with one',
      '6 rejected: opens a quote that is never closed',
    ]);
  });

  it('gives up one line for a quote that stays open over more than a row may hold', async () => {
    const filler = Array.from({ length: 30_000 }, (_, i) => csvLine(`t${i + 3}`, { description: 'abcdefgh' }));
    const { rows } = await readAll(
      file('a.csv', [HEADER, csvLine('t2', { description: '"open' }), ...filler].join('\n')),
    );
    expect(rows).toHaveLength(30_001);
    expect(summary(rows.slice(0, 2))).toEqual(['2 rejected: opens a quote that is never closed', '3 t3']);
    expect(rows.at(-1)).toMatchObject({ line: 30_002, fields: { transactionId: 't30002' } });
  });

  it('rejects a quoted row of many lines that is too long though its quote is closed', async () => {
    const long = csvLine('t2', { description: `"${'x\n'.repeat(ROW_BYTES_MAX / 2)}"` });
    const { rows } = await readAll(file('a.csv', `${HEADER}\n${long}\n${csvLine('t9')}\n`));
    expect(summary(rows)[0]).toMatch(/^2 rejected: (is longer than|opens a quote)/);
    expect(rows.filter(({ kind }) => kind === 'transaction')).toMatchObject([
      { line: 524_291, fields: { transactionId: 't9' } },
    ]);
  });
});
