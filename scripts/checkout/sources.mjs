import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folders that tsconfig.build.json compiles; dist mirrors them. */
export const sourceFolders = ['src', 'topologies', 'bench', 'test/chaos', 'test/load', 'test/parity'];

const configurationFiles = ['package-lock.json', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const outputEndings = ['.d.ts', '.js.map', '.js'];

/** A fingerprint of everything a build depends on: the configuration's contents, and path, time and size of sources. */
export function fingerprint(root) {
  const hash = createHash('sha256');
  for (const file of configurationFiles) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  for (const path of filesUnder(root, sourceFolders)) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`${path}\0${mtimeMs}\0${size}\0`);
  }
  return hash.digest('hex');
}

const stampPath = (root) => join(root, 'dist', '.build-stamp');

/** Whether dist was built from the sources as they are. */
export function isBuilt(root) {
  try {
    return readFileSync(stampPath(root), 'utf8') === fingerprint(root);
  } catch {
    return false;
  }
}

/** Says what dist was built from; undefined while it is being rebuilt, so that a half-built one is never used. */
export function stamp(root, value) {
  if (value === undefined) {
    rmSync(stampPath(root), { force: true });
    return;
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampPath(root), value);
}

/** Removes outputs whose source is gone: tsc leaves them, and something could still import them. */
export function removeOrphans(root) {
  const dist = join(root, 'dist');
  for (const path of filesUnder(dist, sourceFolders)) {
    const ending = outputEndings.find((each) => path.endsWith(each));
    if (ending === undefined) continue;
    if (!existsSync(join(root, `${path.slice(0, -ending.length)}.ts`))) rmSync(join(dist, path), { force: true });
  }
}

function filesUnder(root, folders) {
  const paths = [];
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) continue;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) paths.push(join(entry.parentPath, entry.name).slice(root.length + 1));
    }
  }
  return paths.sort();
}
