import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sinkPlants } from './plants.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

it('has the bugs that the chaos of the sink is to find', () => {
  expect(sinkPlants(root).map(({ name }) => name)).toEqual([
    'cut-not-durable',
    'late-row-wins',
    'offset-before-insert',
    'refused-view-is-skipped',
    'resumed-cut-one-short',
    'token-without-content',
    'token-without-life',
    'unknown-outcome-is-success',
  ]);
});

// Whether they are found takes `npm run chaos -- --sink --plants`; here only that they can still be planted.
it.each(sinkPlants(root))('$name can be planted', ({ path, what }) => {
  execFileSync('git', ['apply', '--check', path], { cwd: root });
  expect(what.length).toBeGreaterThan(20);
});
