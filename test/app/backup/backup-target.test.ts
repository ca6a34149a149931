import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BackupTarget } from '../../../src/app/backup/backup-target.ts';
import { UNFINISHED_FILE } from '../../../src/app/backup/manifest.ts';
import { type ProcessTable, systemProcesses } from '../../../src/storage/process-identity.ts';

let place: string;
let data: string;
let to: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'headrace-target-'));
  data = join(place, 'data');
  to = join(place, 'backup');
  mkdirSync(data);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const nobodyLives: ProcessTable = { self: () => systemProcesses.self(), isAlive: () => false };
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'BACKUP_TARGET_INVALID', message: expect.stringMatching(message) });

describe('the target of a backup', () => {
  it('is marked as unfinished until it is finished', () => {
    const target = BackupTarget.take(join(to, 'deep'), data);
    expect(readdirSync(target.path)).toEqual([UNFINISHED_FILE]);
    target.finish();
    expect(readdirSync(target.path)).toEqual([]);
  });

  it('may be an empty directory, such as the root of a new volume, and is given back as such', () => {
    mkdirSync(join(to, 'lost+found'), { recursive: true });
    const target = BackupTarget.take(to, data);
    mkdirSync(join(to, 'clickhouse', 'store'), { recursive: true });
    target.discard();
    expect(readdirSync(to)).toEqual(['lost+found']);
    const made = BackupTarget.take(join(place, 'new'), data);
    made.discard();
    expect(existsSync(join(place, 'new'))).toBe(false);
  });

  it('is refused where something is, and left as it is', () => {
    mkdirSync(to);
    writeFileSync(join(to, 'precious'), '');
    expect(() => BackupTarget.take(to, data)).toThrow(
      refused(/is not empty\. Name a directory that does not exist yet/),
    );
    // Even beside the mark of a backup.
    writeFileSync(join(to, UNFINISHED_FILE), '');
    expect(() => BackupTarget.take(to, data)).toThrow(refused(/is not empty/));
    expect(readdirSync(to).sort()).toEqual(['precious', UNFINISHED_FILE].sort());
    writeFileSync(join(place, 'file'), '');
    expect(() => BackupTarget.take(join(place, 'file'), data)).toThrow(refused(/is a file/));
  });

  it('is refused within the data directory, by whatever name', () => {
    symlinkSync(data, join(place, 'link'));
    for (const inside of [data, join(data, 'backup'), join(place, 'link', 'a', 'b'), join(data, '..', 'data', 'x')]) {
      expect(() => BackupTarget.take(inside, data)).toThrow(refused(/is inside of the data directory/));
    }
    BackupTarget.take(join(place, 'data-backup'), data);
  });

  it('is refused while another backup is made there, and cleared when its process is gone', () => {
    BackupTarget.take(to, data);
    mkdirSync(join(to, 'log'));
    expect(() => BackupTarget.take(to, data)).toThrow(refused(/another process is making a backup/));
    BackupTarget.take(to, data, nobodyLives);
    expect(readdirSync(to)).toEqual([UNFINISHED_FILE]);
  });

  it('is cleared of what was killed before it had said who it is', () => {
    mkdirSync(to);
    writeFileSync(join(to, UNFINISHED_FILE), '');
    BackupTarget.take(to, data);
    expect(readdirSync(to)).toEqual([UNFINISHED_FILE]);
  });

  it('says where nothing can be written', () => {
    writeFileSync(join(place, 'file'), '');
    expect(() => BackupTarget.take(join(place, 'file', 'below'), data)).toThrow(
      expect.objectContaining({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining(join(place, 'file', 'below')),
      }),
    );
  });
});
