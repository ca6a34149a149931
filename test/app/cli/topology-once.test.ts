import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { TopologySummary } from '../../../src/app/cli/topology-summary.ts';
import { BEGIN, topologyFolder } from '../user-topology/topology-file.ts';
import { runCommand } from './run-command.ts';

const COUNTS = `${BEGIN}builder.stream('words', texts)
  .groupBy((_key, word) => word, { name: 'by-word', ...texts })
  .count({ name: 'counts' }).toStream().to('word-counts', { key: stringSerde, value: countSerde });
export default builder.build();
`;

/** Runs a topology once over lines; further files may lie beside it. */
async function once(
  topology: string,
  lines: string | Uint8Array,
  args: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
) {
  const file = topologyFolder({ 'topology.ts': topology, ...files });
  const input = typeof lines === 'string' ? 'input.ndjson' : 'input.ndjson.gz';
  writeFileSync(file(input), lines);
  const start = ['start', '--topology', file('topology.ts'), '--once', '--input', file(input)];
  const result = await runCommand(...start, '--data', file('data'), ...args);
  return { ...result, file };
}

describe('start --topology --once', () => {
  it('takes a file in, and prints what came out', async () => {
    const { code, out, err, file } = await once(COUNTS, '{"value":"to"}\n\n{"key":"k","value":"be"}\n{"value":"to"}\n');
    expect([code, err]).toEqual([0, '']);
    const text = out.replace(/^time .*\n/m, '');
    expect(text).toBe(
      'taken in       3\nrefused lines  0\ndead letters   0\n\nword-counts: 3 records\n  to  1\n  be  1\n  to  2\n',
    );
    expect(readFileSync(file('data/headrace.log'), 'utf8')).toBe('');
    expect((await runCommand('consume', 'word-counts', '--data', file('data'), '--max', '1')).out).toContain(
      '"key":"to"',
    );
  });

  it('goes on where the run before ended, and takes gzip', async () => {
    const { file } = await once(COUNTS, '{"value":"to"}\n');
    writeFileSync(file('more.gz'), gzipSync('{"value":"to"}\n'));
    const again = ['start', '--topology', file('topology.ts'), '--once', '--input', file('more.gz')];
    expect((await runCommand(...again, '--data', file('data'))).out).toContain('\n  to  2\n');
  });

  it('tells machines the same, with times, partitions and offsets', async () => {
    const line = '{"key":"k","value":"a","timestamp":"2026-03-02T09:00:00Z","topic":"words","partition":2}\n';
    const { code, out } = await once(COUNTS, line, ['--json', '--partitions', '3', '--application', 'counted']);
    const summary = JSON.parse(out) as TopologySummary;
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      application: 'counted',
      deadLetters: [],
      takenIn: { read: 1, appended: { words: 1 } },
    });
    const [record] = summary.outputs[0]!.records;
    expect(record).toMatchObject({ key: 'a', value: 1, timestamp: '2026-03-02T09:00:00.000Z', offset: 0 });
  });

  it('prints as many records as are wanted', async () => {
    const lines = '{"value":"a"}\n'.repeat(30);
    expect((await once(COUNTS, lines)).out).toMatch(
      / {2}a {2}10\n {2}\.\.\. and 20 more: headrace consume word-counts\n$/,
    );
    expect((await once(COUNTS, lines, ['--print', '0'])).out).toMatch(/word-counts: 30 records\n$/);
    expect((await once(COUNTS, lines, ['--print', '30'])).out).toMatch(/ {2}a {2}30\n$/);
  });

  it('names each line that it refuses, keeps it, and ends with 1', async () => {
    const lines = [
      '{"value":"good"}',
      '{"value":5}',
      'nothing',
      '{"valeu":"x"}',
      '{"key":"k"}',
      '{"topic":"word","value":"x"}',
      '{"value":"x","timestamp":"yesterday"}',
      '{"value":"x","timestamp":-1}',
      '{"value":"x","partition":1}',
      '{"value":"4111 1111 1111 1111"}',
      '[1]',
    ];
    const { code, out, err, file } = await once(COUNTS, lines.join('\n'));
    expect(code).toBe(1);
    const said = err.replaceAll('input.ndjson, ', '').trim().split('\n');
    expect(said).toEqual([
      "line 2: the value can't be taken in: its serde (string) refuses it: it is a number, which it does not take",
      'line 3: is not valid JSON',
      'line 4: a line has no "valeu"; did you mean value?',
      'line 5: has no "value"; null deletes the key from a table',
      'line 6: the topology does not read topic "word"; did you mean words?',
      'line 7: "timestamp" must be whole milliseconds since 1970, or a time of RFC 3339 with a zone, not "yesterday"',
      'line 8: "timestamp" must be whole milliseconds since 1970, or a time of RFC 3339 with a zone, not -1',
      'line 9: "partition" must be a whole number from 0 to 0, not 1',
      'line 10: the value holds what looks like a card number; it must not come in',
      'line 11: is JSON, but not an object',
    ]);
    expect(out).toMatch(/refused lines {2}10 \(kept in .*rejected-input\.ndjson\)\n[\s\S]* {2}good {2}1\n$/);
    const kept = readFileSync(file('data/rejected-input.ndjson'), 'utf8').trim().split('\n');
    expect(kept).toHaveLength(10);
    expect(kept[8]).toContain('**** **** **** 1111');
  });

  it('tells dead letters, where they came from and why, and ends with 1', async () => {
    const fails = `${BEGIN}builder.stream('words', texts)
      .mapValues((word) => { if (word === 'bad') throw new Error('planted'); return word; }, { name: 'judge' }).to('out', texts);
    export default builder.build();`;
    const { code, out } = await once(fails, '{"value":"good"}\n{"value":"bad"}\n{"value":"better"}\n');
    expect(code).toBe(1);
    expect(out).toContain('dead letters   1\n');
    expect(out).toMatch(
      /out: 2 records\n {2}null {2}good\n {2}null {2}better\n\nwords\.dlq: 1 record\n {2}words 0@1: judge: planted\n$/,
    );
  });

  it('ends with the error of a topology that says `fail`', async () => {
    const fails = `${BEGIN}builder.stream('words', texts).mapValues(() => { throw new Error('planted'); }).to('out', texts);
    export default defineTopology({ topology: builder.build(), errorHandlers: { processing: () => 'fail' } });`;
    const { code, err } = await once(fails, '{"value":"bad"}\n');
    expect([code, err]).toEqual([1, expect.stringMatching(/planted.*\[PROCESSING_FAILED\]/)]);
  });

  it('refuses an input that can not be one', async () => {
    expect(await once(COUNTS, '')).toMatchObject({ code: 1, err: expect.stringContaining('is empty') });
    expect(await once(COUNTS, '[{"value":"x"}]')).toMatchObject({
      code: 1,
      err: expect.stringContaining('a JSON array'),
    });
    const file = topologyFolder({ 't.ts': COUNTS, 'in.csv': 'value\nx\n' });
    const start = ['start', '--topology', file('t.ts'), '--data', file('data'), '--once', '--input'];
    expect(await runCommand(...start, file('in.csv'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('is CSV; a topology takes NDJSON'),
    });
    expect(await runCommand(...start, file('none'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('[INPUT_NOT_FOUND]'),
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['--once'], '--once needs --input FILE'],
    [['--input', 'x'], '--input goes with --once'],
    [['--once', '--input', 'x', '--map', 'a=b'], '--map is for transactions of the bank'],
    [['--once', '--input', 'x', '--business-zone', 'UTC'], '--business-zone is for transactions of the bank'],
    [['--once', '--input', 'x', '--application', 'a b'], "The application's name is a part of topic names"],
    [['--once', '--input', 'x', '--kafka', '127.0.0.1:1', '--threads', '2'], 'runs in one thread of a process'],
  ])('%s', async (args, message) => {
    const file = topologyFolder({ 't.ts': COUNTS });
    const result = await runCommand('start', '--topology', file('t.ts'), '--data', file('data'), ...args);
    expect(result).toMatchObject({ code: 2, err: expect.stringContaining(message) });
    expect(existsSync(file('data'))).toBe(false);
  });

  it('the bank does not start where a topology works, nor is its state asked for there', async () => {
    const { file } = await once(COUNTS, '{"value":"to"}\n');
    const data = ['--data', file('data')];
    const started = await runCommand('start', '--once', '--input', file('input.ndjson'), ...data);
    expect(started).toMatchObject({
      code: 2,
      err: expect.stringMatching(/the topology topology works: name its file with --topology/),
    });
    const cases = await runCommand('cases', 'list', ...data);
    expect(cases.code).not.toBe(0);
    expect(cases.err).toMatch(/a topology of your own does|TOPIC_UNKNOWN/);
    const topics = await runCommand('consume', 'transactions', ...data);
    expect(topics).toMatchObject({ code: 1, err: expect.stringContaining('[TOPIC_UNKNOWN]') });
  });
});
