import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../run-command.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'headrace-topology-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A module as a user has it: it counts words in a store. */
function moduleOf(file: string, store: string, how = 'export default builder.build();'): string {
  const path = join(directory, file);
  writeFileSync(
    path,
    `import { StreamsBuilder, stringSerde } from 'headrace';
     const builder = new StreamsBuilder();
     builder.stream('words', { key: stringSerde, value: stringSerde }).groupByKey().count({ name: '${store}' });
     ${how}`,
  );
  return path;
}

describe('headrace topology', () => {
  it('prints the text of a system, of the ledger without a name, and a flowchart', async () => {
    const { code, out } = await runCommand('topology');
    expect(code).toBe(0);
    expect(out).toMatch(/^Topologies:\n {3}Sub-topology: 0\n/);
    expect((await runCommand('topology', 'account-ledger')).out).toBe(out);
    expect((await runCommand('topology', 'atm-dispense')).out).toContain('topics: [atm.withdrawals]');
    expect((await runCommand('topology', 'reconciliation', '--mermaid')).out).toMatch(/^flowchart TD\n/);
  });

  it('prints and saves the topology of a module, with its plan', async () => {
    const path = moduleOf('words.mjs', 'words-counted');
    const saved = join(directory, 'plan.json');
    expect(await runCommand('topology', path, '--save', saved)).toMatchObject({ code: 0, out: '' });
    const { topology, plan } = JSON.parse((await runCommand('topology', path, '--json')).out) as Record<
      string,
      unknown
    >;
    expect(topology).toMatch(/^Topologies:\n/);
    expect(JSON.parse(readFileSync(saved, 'utf8'))).toEqual(plan);
    expect(plan).toMatchObject({ format: 'headrace-plan', version: 1, stores: [{ name: 'words-counted' }] });
    expect(await runCommand('topology', saved)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is a saved plan/),
    });
  });

  it('takes a named export and functions', async () => {
    for (const how of [
      'export const topology = builder.build();',
      'export const topology = () => builder.build();',
      'export default async () => builder.build();',
    ]) {
      const path = moduleOf(`how-${how.length}.mjs`, 'counted', how);
      expect((await runCommand('topology', path)).out).toContain('stores: [counted]');
    }
  });

  it.each([
    ['no such thing', () => 'lottery', 2, /lottery is no system \(account-ledger, atm-dispense, reconciliation\)/],
    ['a directory', () => directory, 2, /there is no such file/],
    [
      'a module without one',
      () => moduleOf('none.mjs', 's', 'export default 7;'),
      1,
      /exports no topology.*INPUT_INVALID/,
    ],
    [
      'a module that fails',
      () => moduleOf('bad.mjs', 's', 'throw new Error("planted");'),
      1,
      /can't be loaded as a topology: planted \(.*bad\.mjs:4:\d+\)/,
    ],
    ['a topology that is none', () => moduleOf('invalid.mjs', 'a b'), 1, /1 to 200 characters/],
    [
      'a file of something else',
      () => fileURLToPath(new URL('../../../../package.json', import.meta.url)),
      1,
      /is not a plan/,
    ],
  ])('refuses %s', async (_what, name, code, message) => {
    expect(await runCommand('topology', name())).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });
});

describe('headrace topology diff', () => {
  it('is silent about nothing, and exits 0', async () => {
    const same = { code: 0, out: 'Nothing differs: the state stays as it is.\n' };
    expect(await runCommand('topology', 'diff', 'account-ledger', 'account-ledger')).toMatchObject(same);
    const json = await runCommand('topology', 'diff', 'atm-dispense', 'atm-dispense', '--json');
    expect(JSON.parse(json.out)).toEqual({ movesState: false, differences: [] });
  });

  it('tells a rename that would lose state, and exits 1', async () => {
    const [before, after] = [moduleOf('before.mjs', 'sums'), moduleOf('after.mjs', 'totals')];
    const saved = join(directory, 'before.json');
    await runCommand('topology', before, '--save', saved);
    const { code, out } = await runCommand('topology', 'diff', saved, after);
    expect(code).toBe(1);
    expect(out).toBe(`Moves state:
  loses    store sums looks renamed to totals (aggregate of words): the state would be lost; keep the name, or migrate: "headrace reset" builds the new one from the beginning
A start with the second plan is refused while the state is of the first (TOPOLOGY_CHANGED).
`);
    const json = JSON.parse((await runCommand('topology', 'diff', saved, after, '--json')).out) as object;
    expect(json).toMatchObject({ movesState: true, differences: [{ effect: 'loses', about: 'store', name: 'sums' }] });
  });

  it('exits 0 where only operators without state change', async () => {
    const before = moduleOf('plain.mjs', 'sums');
    const after = moduleOf(
      'more.mjs',
      'sums',
      `builder.stream('noise', { key: stringSerde, value: stringSerde }).filter(() => true, { name: 'some' });
       export default builder.build();`,
    );
    const { code, out } = await runCommand('topology', 'diff', before, after);
    expect(code).toBe(0);
    expect(out).toMatch(/^Nothing moves state\.\nDoes not move state:\n {2}topic noise is read as well/);
    expect(out).toContain('operators that keep nothing on disk (added: filter some)');
  });

  it('needs two plans', async () => {
    expect(await runCommand('topology', 'diff', 'account-ledger')).toMatchObject({ code: 2, out: '' });
    expect((await runCommand('topology', 'diff', '--help')).out).toContain('Exit code 0: nothing moves state');
  });
});
