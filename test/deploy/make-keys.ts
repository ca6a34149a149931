import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/source-file.ts';

/** Runs deploy/make-keys.sh as a user does, in a copy of its folder. Returns what it says. */
export function makeKeys(folder: string): string {
  const deploy = join(folder, 'deploy');
  mkdirSync(deploy, { recursive: true });
  copyFileSync(join(root, 'deploy/make-keys.sh'), join(deploy, 'make-keys.sh'));
  return execFileSync(join(deploy, 'make-keys.sh'), { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

export function keysIn(folder: string) {
  const secrets = join(folder, 'deploy', 'secrets');
  return { folder: secrets, file: join(secrets, 'api-keys'), of: (name: string) => join(secrets, `${name}-key`) };
}
