import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../embedded-log.ts';
import { csvLine, HEADER, jsonLine, readAll, summary, writeInput } from './inputs.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const file = (name: string, content: string | Buffer) => writeInput(directory.path, name, content);

describe('gzip', () => {
  const text = [HEADER, ...Array.from({ length: 20_000 }, (_, i) => csvLine(`t${i * 7_919}`))].join('\n');

  it('is known by its bytes, not by its name', async () => {
    expect((await readAll(file('a.csv', gzipSync(text)))).rows).toHaveLength(20_000);
    expect((await readAll(file('a.csv.gz', text))).rows).toHaveLength(20_000);
    expect((await readAll(file('noname', gzipSync(jsonLine('t1'))))).rows).toHaveLength(1);
  });

  it('may have several members', async () => {
    const members = Buffer.concat([gzipSync(`${HEADER}\n`), gzipSync(csvLine('t2')), gzipSync(`\n${csvLine('t3')}`)]);
    expect(summary((await readAll(file('a.csv.gz', members))).rows)).toEqual(['2 t2', '3 t3']);
  });

  it.each([0.1, 0.5, 0.99])('hands out the rows before a cut at %d, whole ones only', async (share) => {
    const whole = gzipSync(text);
    const { rows, error } = await readAll(file('a.csv.gz', whole.subarray(0, Math.floor(whole.length * share))));
    expect(rows.length).toBeGreaterThan(20_000 * share * 0.8);
    expect(rows.every((row, i) => row.kind === 'transaction' && row.fields.transactionId === `t${i * 7_919}`)).toBe(
      true,
    );
    expect(error).toMatchObject({ code: 'INPUT_INVALID', where: { line: rows.length + 2 } });
    expect(error!.message).toContain(`at line ${rows.length + 2}`);
  });

  it('hands out the rows before damage', async () => {
    const damaged = gzipSync(text);
    damaged.fill(0xff, Math.floor(damaged.length / 2), Math.floor(damaged.length / 2) + 200);
    const { rows, error } = await readAll(file('a.csv.gz', damaged));
    expect(rows.length).toBeGreaterThan(8_000);
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('hands out the rows of a small file that is cut off', async () => {
    const whole = gzipSync(`${HEADER}\n${csvLine('t2')}\n${csvLine('t3')}\n`);
    const { rows, error } = await readAll(file('a.csv.gz', whole.subarray(0, whole.length - 6)));
    expect(summary(rows)).toEqual(['2 t2', '3 t3']);
    expect(error!.message).toContain('gzip cut off');
  });
});
