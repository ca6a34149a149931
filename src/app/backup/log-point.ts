import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { EmbeddedLog } from '../../log/embedded/embedded-log.ts';
import { readSinkState } from '../../runtime/sink/sink-state.ts';
import { openDataDirectory } from '../../storage/data-directory.ts';
import { Environment } from '../../storage/environment.ts';
import { MetaTable } from '../../storage/meta-table.ts';
import { SINK } from '../engine.ts';
import type { BackupPoint } from './manifest.ts';

/** LMDB makes it anew wherever the log is opened. */
const LOCK_FILE = 'lock.mdb';

/**
 * Makes a copied log (in `directory`/log) nobody's, and says of which point it is. The copy says who owned the data directory, and with
 * which secret that one is asked: a command on the restored directory would ask the original. Throws what opening a data
 * directory throws.
 */
export async function settleLog(directory: string, clock: Clock): Promise<BackupPoint> {
  const environment = Environment.open(join(directory, 'log'));
  try {
    environment.transaction(() => MetaTable.of(environment)!.delete('owner'));
  } finally {
    await environment.close();
  }
  const log = new EmbeddedLog({ directory: openDataDirectory(directory, { clock }), clock, maintenanceIntervalMs: 0 });
  try {
    const topics: BackupPoint['topics'] = [];
    for (const { name } of await log.topics()) topics.push(...(await log.watermarks(name)));
    const groups: BackupPoint['groups'] = [];
    for (const group of await log.groups()) {
      groups.push(...(await log.committedOffsets(group)).map((offset) => ({ group, ...offset })));
    }
    return { topics, groups, sinkCut: readSinkState(log.state(SINK)).lastNumber };
  } finally {
    await log.close();
    rmSync(join(directory, 'log', LOCK_FILE), { force: true });
  }
}
