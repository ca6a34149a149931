import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEmbedded } from '../../../src/clickhouse/connection/embedded.ts';
import { tierArguments } from '../../../src/clickhouse/tiers/engine-configuration.ts';
import { withDirectory } from '../temporary-store.ts';

it('an engine without tiers is opened as ever, and leaves nothing of those before', async () => {
  await withDirectory(async (path) => {
    expect(tierArguments(path, { cold: '/c' })).toEqual([`--config-file=${join(path, 'headrace-tiers.xml')}`]);
    expect(tierArguments(path, {})).toEqual([]);
    expect(existsSync(join(path, 'headrace-tiers.xml'))).toBe(false);
  });
});

it('the engine takes what is written, whatever is in a path, and age alone moves a part', async () => {
  await withDirectory(async (path) => {
    const tiers = { cold: join(path, 'a <b> & "c" \'d\''), archive: join(path, 'é $x') };
    const clickhouse = await openEmbedded({
      path: join(path, 'clickhouse'),
      tiers: { directories: tiers, storeName: 'one' },
    });
    try {
      const policies = await clickhouse.rows(
        'SELECT volume_name AS volume, disks, move_factor FROM system.storage_policies ORDER BY volume_priority',
      );
      expect(policies).toEqual([
        { volume: 'hot', disks: ['default'], move_factor: 0 },
        { volume: 'cold', disks: ['cold'], move_factor: 0 },
        { volume: 'archive', disks: ['archive'], move_factor: 0 },
      ]);
      const disks = await clickhouse.rows<{ path: string }>('SELECT path FROM system.disks ORDER BY name');
      expect(disks.map((disk) => disk.path).slice(0, 2)).toEqual([`${tiers.archive}/`, `${tiers.cold}/`]);
      expect(readFileSync(join(path, 'clickhouse', 'headrace-tiers.xml'), 'utf8')).not.toContain('<b>');
    } finally {
      await clickhouse.close();
    }
  });
});
