import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tierDirectories } from '../../../src/clickhouse/tiers/tier-directories.ts';
import type { TierDirectories } from '../../../src/clickhouse/tiers/tier-settings.ts';
import { withDirectory } from '../temporary-store.ts';

const within = (use: (path: string, take: (given: TierDirectories) => TierDirectories) => void) =>
  withDirectory(async (path) => use(path, (given) => takeFor(path, 'clickhouse', given)));
/** As a start of the store with this name does. */
const takeFor = (path: string, store: string, directories: TierDirectories) =>
  tierDirectories(join(path, store), { directories, storeName: `${store} ${path}` });
const refusal = (take: () => unknown, message: RegExp) => {
  expect(take).toThrow(message);
  expect(take).toThrow(expect.objectContaining({ code: 'TIERS_INVALID' }));
};

it('without any there is nothing, and nothing is made', () =>
  within((path, take) => {
    expect(take({})).toEqual({});
    expect(readdirSync(path)).toEqual([]);
  }));

it('those that were given once are remembered, and others join them', () =>
  within((path, take) => {
    const [cold, archive] = [join(path, 'disk', 'cold'), join(path, 'archive')];
    expect(take({ cold })).toEqual({ cold });
    expect(take({})).toEqual({ cold });
    mkdirSync(join(archive, 'lost+found'), { recursive: true });
    expect(take({ archive })).toEqual({ cold, archive });
    expect(take({ cold })).toEqual({ cold, archive });
    expect(readdirSync(cold)).toEqual(['headrace-tier.json']);
  }));

it('a disk that is not mounted is told, and its directory is not made anew', () =>
  within((path, take) => {
    const cold = join(path, 'cold');
    take({ cold });
    rmSync(cold, { recursive: true });
    for (const given of [{}, { cold }]) refusal(() => take(given), /Is the disk mounted\?/);
    mkdirSync(cold);
    for (const given of [{}, { cold }]) refusal(() => take(given), /Is the disk mounted\?/);
    expect(readdirSync(cold)).toEqual([]);
  }));

it('another directory is taken only with what lay in the one before', () =>
  within((path, take) => {
    const [cold, other] = [join(path, 'cold'), join(path, 'other')];
    take({ cold });
    refusal(() => take({ cold: other }), /whose rows lie in .*cold\. To move it, stop Headrace, move all of/);
    expect(take({})).toEqual({ cold });
    // Were it made, mv would put the tier into it.
    expect(existsSync(other)).toBe(false);
    renameSync(cold, other);
    expect(take({ cold: other })).toEqual({ cold: other });
    expect(take({})).toEqual({ cold: other });
  }));

it('a directory of somebody else is refused, and so is one in which something is', () =>
  within((path, take) => {
    const [cold, archive, full] = [join(path, 'cold'), join(path, 'archive'), join(path, 'full')];
    take({ cold });
    refusal(() => take({ archive: cold }), /cold and .*cold are the same/);
    refusal(() => takeFor(path, 'second', { cold }), /is a tier of another store/);
    take({ archive });
    refusal(() => takeFor(path, 'clickhouse', { cold: archive, archive: cold }), /is the archive tier of this/);
    mkdirSync(full);
    writeFileSync(join(full, 'photos.zip'), '');
    refusal(() => takeFor(path, 'third', { cold: full }), /full is not empty/);
  }));

it('a store that was moved keeps its tiers, and a copy of one is refused them', () =>
  within((path, take) => {
    const cold = join(path, 'cold');
    take({ cold });
    renameSync(join(path, 'clickhouse'), join(path, 'moved'));
    expect(tierDirectories(join(path, 'moved'))).toEqual({ cold });
    cpSync(join(path, 'moved'), join(path, 'copy'), { recursive: true });
    refusal(() => tierDirectories(join(path, 'copy')), /is the cold tier of .*moved, of which .*copy is a copy/);
    expect(tierDirectories(join(path, 'moved'))).toEqual({ cold });
    rmSync(join(path, 'moved'), { recursive: true });
    expect(tierDirectories(join(path, 'copy'))).toEqual({ cold });
  }));

it('none lies within another or within the engine, by a link neither', () =>
  within((path, take) => {
    const cold = join(path, 'cold');
    refusal(() => take({ cold: join(path, 'clickhouse') }), /are the same, or one lies within the other/);
    refusal(() => take({ cold: join(path, 'clickhouse', 'store', 'x') }), /lies within the other/);
    refusal(() => take({ cold: path }), /lies within the other/);
    refusal(() => take({ cold, archive: join(cold, 'archive') }), /lies within the other/);
    symlinkSync(join(path, 'clickhouse'), join(path, 'link'));
    refusal(() => take({ cold: join(path, 'link') }), /lies within the other/);
    expect(take({})).toEqual({});
  }));

it('a place that cannot be used is told with the reason', () =>
  within((path, take) => {
    writeFileSync(join(path, 'file'), '');
    refusal(() => take({ cold: join(path, 'file') }), /file can't be the cold tier: EEXIST/);
    refusal(() => take({ cold: join(path, 'file', 'below') }), /can't be the cold tier: ENOTDIR/);
    if (process.getuid?.() === 0) return;
    mkdirSync(join(path, 'sealed'));
    chmodSync(join(path, 'sealed'), 0o500);
    refusal(() => take({ cold: join(path, 'sealed') }), /EACCES/);
  }));

it('a crash between the mark and what is remembered is mended by the next start', () =>
  within((path, take) => {
    const cold = join(path, 'cold');
    take({ cold });
    const file = join(path, 'clickhouse', 'headrace-tiers.json');
    const { store } = JSON.parse(readFileSync(file, 'utf8')) as { store: string };
    writeFileSync(file, JSON.stringify({ store, directories: {} }));
    expect(take({})).toEqual({});
    expect(take({ cold })).toEqual({ cold });
    writeFileSync(file, '{"store');
    refusal(() => take({}), /headrace-tiers\.json is damaged/);
  }));
