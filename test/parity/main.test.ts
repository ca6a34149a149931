import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../embedded-log.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cases = join(root, 'test/parity/cases');
const directory = temporaryDirectory();
afterAll(() => directory.remove());

function parity(...args: readonly string[]) {
  const script = [join(root, 'scripts/run.mjs'), 'test/parity/main.ts'];
  const run = spawnSync(process.execPath, [...script, ...args], { encoding: 'utf8', timeout: 110_000 });
  const lines = run.stdout.trimEnd().split('\n');
  return { status: run.status, lines, last: lines.at(-1), stderr: run.stderr };
}

describe('npm run parity', { timeout: 120_000 }, () => {
  it('counts what it finds, and files that are no scenarios among the failures', () => {
    const mixed = join(directory.path, 'mixed');
    mkdirSync(mixed);
    cpSync(join(cases, 'split-1.json'), join(mixed, 'right.json'));
    const wrong = JSON.parse(readFileSync(join(cases, 'split-2.json'), 'utf8')) as { expected: { value: string }[] };
    wrong.expected[0]!.value = 'another';
    writeFileSync(join(mixed, 'wrong.json'), JSON.stringify(wrong));
    writeFileSync(join(mixed, 'cut.json'), '{"topology": [');
    writeFileSync(join(mixed, 'list.json'), '[]');
    writeFileSync(join(mixed, 'odd.json'), '{"topology": [{"op": "fly"}], "input": [], "expected": []}');
    writeFileSync(join(mixed, 'poor.json'), '{"topology": [{}], "input": [], "expected": []}');
    const { status, lines, last } = parity(mixed);
    expect([status, last]).toEqual([1, '1 passed, 5 failed']);
    expect(lines.find((line) => line.startsWith('cut:'))).toMatch(/not JSON/);
    expect(lines.find((line) => line.startsWith('list:'))).toMatch(/no scenario: it is not an object/);
    expect(lines.find((line) => line.startsWith('odd:'))).toMatch(/operator fly/);
    expect(lines.find((line) => line.startsWith('poor:'))).toMatch(/no scenario: topology\[0\] has no op/);
    expect(lines.find((line) => line.startsWith('wrong:'))).toMatch(/record 0 is .*, Kafka Streams has another/);
    const { status: json, last: object } = parity(mixed, '--json');
    expect(json).toBe(1);
    expect(JSON.parse(object!)).toMatchObject({ passed: 1, failed: 5 });
  });

  it.each([
    [['no/such/place'], /there is no no\/such\/place/],
    [[cases, cases], /one directory at a time/],
    [['--kills', 'x'], /--kills is a whole number/],
    [['--partitions', '0'], /--partitions is a whole number of at least 1/],
    [['--nonsense'], /nonsense/],
  ] as const)('refuses %j as wrong usage', (args, told) => {
    const { status, stderr } = parity(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(told);
  });

  it('passes on a sample killed in the middle, with its log and state on disk', () => {
    const killed = parity(cases, '--embedded', '--sample', '8', '--kills', '2', '--seed', '5', '--json');
    expect(killed.status, `${killed.stderr}\n${killed.lines.join('\n')}`).toBe(0);
    const { passed, hits } = JSON.parse(killed.last!) as { passed: number; hits: Record<string, number> };
    expect(passed).toBe(8);
    expect(Object.values(hits).reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(10);
    expect(parity(join(root, 'test/parity/generated'), '--embedded', '--sample', '3').last).toBe('3 passed, 0 failed');
  });

  it('sees in the log what is not as it should be', () => {
    const wrong = JSON.parse(readFileSync(join(cases, 'st_join-1.json'), 'utf8')) as { expected: { ts: number }[] };
    wrong.expected.at(-1)!.ts++;
    const file = join(directory.path, 'late.json');
    writeFileSync(file, JSON.stringify(wrong));
    expect(parity(file, '--embedded').last).toBe('0 passed, 1 failed');
  });
});
