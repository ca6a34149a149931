import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const check = [at('scripts/api-docs/main.mjs'), '--check'];

/** The tool has packages of its own, which a machine without a network may not get. */
function hasTool(): boolean {
  if (existsSync(at('scripts/api-docs/node_modules/typedoc')) || process.env.CI !== undefined) return true;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: at('scripts/api-docs'),
    timeout: 60_000,
  });
  return status === 0;
}

test('docs/api is what the code says, and every public name has a comment', { timeout: 180_000 }, ({ skip }) => {
  if (!hasTool()) skip('the packages of scripts/api-docs could not be installed');
  const { status, stderr } = spawnSync(process.execPath, check, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test('an unknown argument is wrong usage', () => {
  expect(() => execFileSync(process.execPath, [check[0]!, '--write'], { stdio: 'pipe' })).toThrow(
    expect.objectContaining({ status: 2 }),
  );
});
