import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Manifest,
  manifestOf,
  manifestText,
  readManifest,
  UNFINISHED_FILE,
} from '../../../src/app/backup/manifest.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { DATA_FORMAT } from '../../../src/storage/data-directory.ts';

const RELEASE = '0.1.0';
const DIGEST = 'a'.repeat(64);
const sound: Manifest = manifestOf({
  headrace: RELEASE,
  madeAt: '2026-01-31T12:00:00.000Z',
  point: {
    topics: [{ topic: 'transactions', partition: 0, start: 0, end: 7 }],
    groups: [{ group: 'clickhouse', topic: 'transactions', partition: 0, offset: 7 }],
    sinkCut: 3,
  },
  files: [{ name: 'log/data.mdb', bytes: 5, sha256: DIGEST }],
  links: [{ name: 'clickhouse/metadata/headrace', target: '../store/84a/84a4b78d-41fb-46fc-8634-eec5e6927b07' }],
});

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'headrace-manifest-'));
  mkdirSync(join(path, 'log'));
  writeFileSync(join(path, 'log', 'data.mdb'), 'bytes');
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const lay = (text: string) => writeFileSync(join(path, 'manifest.json'), text);
/** With a checksum that fits, as someone else's program would have written it. */
const layManifest = (changes: object) => lay(manifestText({ ...sound, ...changes } as Manifest));
function refusal(release = RELEASE): HeadraceError {
  try {
    readManifest(path, release);
  } catch (error) {
    if (error instanceof HeadraceError) return error;
    throw error;
  }
  throw new RangeError('nothing was refused');
}

describe('readManifest', () => {
  it('reads what was written', () => {
    layManifest({});
    expect(readManifest(path, RELEASE)).toEqual(sound);
  });

  it('refuses a directory that is not there, a file, and one without a manifest', () => {
    expect(() => readManifest(join(path, 'none'), RELEASE)).toThrow(
      expect.objectContaining({ code: 'INPUT_NOT_FOUND' }),
    );
    expect(() => readManifest(join(path, 'log', 'data.mdb'), RELEASE)).toThrow(
      /it is a file, and a backup is a directory/,
    );
    expect(refusal().message).toMatch(/has no manifest\.json/);
    writeFileSync(join(path, UNFINISHED_FILE), '');
    expect(refusal()).toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringMatching(/cut short, or is still being made/),
    });
  });

  it('notices every byte of the manifest that is flipped', () => {
    const text = manifestText(sound);
    for (let at = 0; at < text.length - 1; at++) {
      const bytes = Buffer.from(text);
      bytes[at]! ^= 1;
      lay(bytes.toString('latin1'));
      expect(['BACKUP_INVALID', 'BACKUP_NEWER'], `byte ${at}`).toContain(refusal().code);
    }
  });

  it.each([
    ['cut off in the middle', (text: string) => text.slice(0, text.length / 2), /is not JSON/],
    ['empty', () => '', /is not JSON/],
    ['of something else', () => '{"kind":"other"}', /is not that of a backup/],
    ['null', () => 'null', /is not that of a backup/],
  ])('refuses a manifest that is %s', (_, change, message) => {
    lay(change(manifestText(sound)));
    expect(refusal()).toMatchObject({ code: 'BACKUP_INVALID', message: expect.stringMatching(message) });
  });

  it.each([
    [
      'its own format',
      { format: 2 },
      /has format 2, and this release \(0\.1\.0\) reads up to 1\. Restore it with headrace 0\.1\.0 or later/,
    ],
    [
      "the data directory's format",
      { dataFormat: DATA_FORMAT + 1 },
      /of a data directory with format 3, and this release .* reads up to 2/,
    ],
    [
      "Headrace's major version",
      { headrace: '1.0.0' },
      /made by headrace 1\.0\.0, and this is 0\.1\.0\. Restore it with headrace 1\.0\.0 or later/,
    ],
    [
      'all of it, with fields that nobody knows',
      { format: 9, headrace: '7.1.0', future: [] },
      /Restore it with headrace 7\.1\.0 or later/,
    ],
  ])('refuses a newer backup by %s', (_, changes, message) => {
    layManifest(changes);
    expect(refusal()).toMatchObject({ code: 'BACKUP_NEWER', message: expect.stringMatching(message) });
  });

  it('takes an older minor version, and one newer of the same major', () => {
    layManifest({ headrace: '0.9.0' });
    expect(readManifest(path, RELEASE).headrace).toBe('0.9.0');
    layManifest({ headrace: '0.9.0', dataFormat: 1 });
    expect(readManifest(path, '2.0.0').dataFormat).toBe(1);
  });

  it.each(['/etc/passwd', 'log/../../x', '../x', 'log//x', 'elsewhere/x', 'log/./x', 'log'])(
    'refuses a file that would lie outside: %s',
    (name) => {
      layManifest({ files: [{ name, bytes: 5, sha256: DIGEST }] });
      expect(refusal()).toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringContaining('is no place in a backup'),
      });
    },
  );

  it('refuses a backup without a log', () => {
    layManifest({ files: [] });
    expect(refusal()).toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringContaining('has no log/data.mdb'),
    });
  });

  it.each(['/etc', '../../../etc', '../store/84a', 'store/84a/84a4b78d-41fb-46fc-8634-eec5e6927b07'])(
    'refuses a link that leads elsewhere: %s',
    (target) => {
      layManifest({ links: [{ name: 'clickhouse/metadata/headrace', target }] });
      expect(refusal().code).toBe('BACKUP_INVALID');
    },
  );

  it('refuses files that are missing, short or long', () => {
    layManifest({});
    for (const [text, message] of [
      ['byte', /data\.mdb has 4 bytes rather than 5/],
      ['bytes!', /has 6 bytes rather than 5/],
    ] as const) {
      writeFileSync(join(path, 'log', 'data.mdb'), text);
      expect(refusal().message).toMatch(message);
    }
    rmSync(join(path, 'log', 'data.mdb'));
    expect(refusal()).toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringMatching(/log\/data\.mdb is missing/),
    });
    mkdirSync(join(path, 'log', 'data.mdb'));
    expect(refusal().message).toMatch(/is not a file/);
  });
});
