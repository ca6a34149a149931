import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { chaosPlants } from './plants.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

it('has the bugs that the chaos is to find', () => {
  expect(chaosPlants(root).map(({ name }) => name)).toEqual([
    'apply-before-commit',
    'commit-before-send',
    'offsets-without-generation',
    'skip-the-fence',
    'stock-abort-filter',
  ]);
});

// Whether they are found takes `npm run chaos -- --kafka --plants`; here only that they can still be planted.
it.each(chaosPlants(root))('$name can be planted', ({ path, what }) => {
  execFileSync('git', ['apply', '--check', path], { cwd: root });
  expect(what.length).toBeGreaterThan(20);
});
