import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HeadraceError } from '../../errors.ts';
import { DATA_FORMAT } from '../../storage/data-directory.ts';

/** The version of a backup's own layout. One with a greater number was made by a newer release. */
export const BACKUP_FORMAT = 1;
/** Written last: a backup without it was cut short. */
export const MANIFEST_FILE = 'manifest.json';
/** Stands in a backup that is being made, with the process that makes it. */
export const UNFINISHED_FILE = 'unfinished.json';
/** Log and state. */
export const LOG_FILE = 'log/data.mdb';

const KIND = 'headrace-backup';
const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Below the backup's directory, with forward slashes: none leads out of it. */
const name = z.string().refine((text) => {
  const parts = text.split('/');
  return /^(log|clickhouse)\/./.test(text) && !parts.some((part) => ['', '.', '..'].includes(part));
}, 'is no place in a backup');
/** A link within ClickHouse's files: from metadata/NAME to store/... */
const link = z.strictObject({
  name,
  target: z.string().regex(/^\.\.\/store\/[0-9a-f]{3}\/[0-9a-f-]{36}\/?$/),
});
const file = z.strictObject({ name, bytes: count, sha256 });
const point = z.strictObject({
  /** Of each partition the first offset held, and the one behind the last. */
  topics: z.array(z.strictObject({ topic: z.string(), partition: count, start: count, end: count })),
  /** Where each group goes on. */
  groups: z.array(z.strictObject({ group: z.string(), topic: z.string(), partition: count, offset: count })),
  /** The number of the last cut that the sink has begun. */
  sinkCut: count,
});
/** What tells whether the rest can be read at all; newer releases may add to it, but not change it. */
const head = z.looseObject({ kind: z.literal(KIND), format: count, headrace: z.string() });
const content = z.strictObject({
  kind: z.literal(KIND),
  format: z.literal(BACKUP_FORMAT),
  /** The release that made it. */
  headrace: z.string(),
  dataFormat: count,
  /** RFC 3339. */
  madeAt: z.string(),
  point,
  files: z.array(file).refine((files) => files.some((each) => each.name === LOG_FILE), `has no ${LOG_FILE}`),
  links: z.array(link),
});

export type BackupFile = z.infer<typeof file>;
export type BackupLink = z.infer<typeof link>;
export type BackupPoint = z.infer<typeof point>;
export type Manifest = z.infer<typeof content>;

export function manifestOf(fields: Omit<Manifest, 'kind' | 'format' | 'dataFormat'>): Manifest {
  return { kind: KIND, format: BACKUP_FORMAT, dataFormat: DATA_FORMAT, ...fields };
}

/** As it stands on disk: with a checksum over all the rest. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, sha256: digestOf(manifest) })}\n`;
}

/**
 * The manifest of the backup in `directory`, after all that can be checked without reading its files: sizes too. `release` is this
 * one's version. Throws INPUT_NOT_FOUND, BACKUP_INVALID, BACKUP_NEWER.
 */
export function readManifest(directory: string, release: string): Manifest {
  const text = manifestTextIn(directory);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw damaged(directory, `${MANIFEST_FILE} is not JSON`, cause);
  }
  const known = head.safeParse(parsed);
  if (!known.success) throw damaged(directory, `${MANIFEST_FILE} is not that of a backup`);
  requireKnown(directory, known.data, release);
  // As it was parsed, for the checksum is over the order of its fields.
  const { sha256: digest, ...rest } = parsed as Readonly<Record<string, unknown>>;
  if (digest !== digestOf(rest)) throw damaged(directory, `${MANIFEST_FILE} does not fit its checksum`);
  const manifest = content.safeParse(rest);
  if (!manifest.success) throw damaged(directory, `${MANIFEST_FILE}: ${z.prettifyError(manifest.error)}`);
  for (const each of manifest.data.files) requireSize(directory, each);
  return manifest.data;
}

function manifestTextIn(directory: string): string {
  if (!existsSync(directory)) {
    throw new HeadraceError('INPUT_NOT_FOUND', `There is no backup ${directory}. Check the path`);
  }
  if (!statSync(directory).isDirectory()) throw damaged(directory, 'it is a file, and a backup is a directory');
  try {
    return readFileSync(join(directory, MANIFEST_FILE), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw damaged(directory, (cause as Error).message, cause);
    const isOurs = existsSync(join(directory, UNFINISHED_FILE));
    throw damaged(
      directory,
      isOurs
        ? 'it was cut short, or is still being made: its manifest, which is written last, is not there'
        : `it has no ${MANIFEST_FILE}`,
    );
  }
}

/** What a newer release has made may mean something else, however well it reads. */
function requireKnown(
  directory: string,
  { format, headrace, dataFormat }: z.infer<typeof head>,
  release: string,
): void {
  const newer =
    format > BACKUP_FORMAT
      ? `has format ${format}, and this release (${release}) reads up to ${BACKUP_FORMAT}`
      : typeof dataFormat === 'number' && dataFormat > DATA_FORMAT
        ? `is of a data directory with format ${dataFormat}, and this release (${release}) reads up to ${DATA_FORMAT}`
        : majorOf(headrace) > majorOf(release)
          ? `was made by headrace ${headrace}, and this is ${release}`
          : undefined;
  if (newer === undefined) return;
  throw new HeadraceError(
    'BACKUP_NEWER',
    `The backup ${directory} ${newer}. Restore it with headrace ${headrace} or later`,
    { where: { file: directory } },
  );
}

function majorOf(version: string): number {
  return Number(/^\d+/.exec(version)?.[0] ?? 0);
}

function requireSize(directory: string, { name: file, bytes }: BackupFile): void {
  const found = statSync(join(directory, file), { throwIfNoEntry: false });
  if (found === undefined) throw damaged(directory, `the file ${file} is missing`);
  if (!found.isFile()) throw damaged(directory, `${file} is not a file`);
  if (found.size === bytes) return;
  throw damaged(directory, `the file ${file} has ${found.size} bytes rather than ${bytes}`);
}

export function damaged(directory: string, what: string, cause?: unknown): HeadraceError {
  return new HeadraceError(
    'BACKUP_INVALID',
    `${directory} is no whole backup: ${what}. Nothing was restored; use another backup`,
    { cause, where: { file: directory } },
  );
}

function digestOf(rest: unknown): string {
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}
