import { expect, it } from 'vitest';
import { loadModule } from '../../../src/app/modules/load-module.ts';
import * as headrace from '../../../src/index.ts';
import { TopologyTestDriver } from '../../../src/testing/index.ts';
import { topologyFolder } from '../user-topology/topology-file.ts';

it('gives a module the very package that runs it, through the files that it imports as well', async () => {
  const text =
    "export { HeadraceError, Topology } from 'headrace';\nexport { TopologyTestDriver } from 'headrace/testing';\n";
  const file = topologyFolder({ 'a.ts': text, 'b.mjs': text, 'c.ts': "export * from './a.js';\n" });
  for (const name of ['a.ts', 'b.mjs', 'c.ts']) {
    const exported = await loadModule(file(name), 'it');
    expect(exported.HeadraceError).toBe(headrace.HeadraceError);
    expect(exported.Topology).toBe(headrace.Topology);
    expect(exported.TopologyTestDriver).toBe(TopologyTestDriver);
  }
});

it('waits for what a module waits for, and evaluates it once', async () => {
  const file = topologyFolder({
    'a.ts':
      '(globalThis as { times?: number }).times = ((globalThis as { times?: number }).times ?? 0) + 1;\nexport default await Promise.resolve(7 as number);\n',
  });
  expect((await loadModule(file('a.ts'), 'it')).default).toBe(7);
  expect((globalThis as { times?: number }).times).toBe(1);
});

it('two files that import each other are loaded', async () => {
  const file = topologyFolder({
    'a.ts': "import { b } from './b.js';\nexport const name = 'a';\nexport const both = () => name + b();\n",
    'b.ts': "import { name } from './a.js';\nexport const b = () => 'b of ' + name;\n",
  });
  const { both } = (await loadModule(file('a.ts'), 'it')) as { readonly both: () => string };
  expect(both()).toBe('ab of a');
});
