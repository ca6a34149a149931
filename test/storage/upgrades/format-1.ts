import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/**
 * Makes a data directory as a release of format 1 left it: the log of an account-ledger with one partition that had run with
 * `--park-keys`. Of account A a transaction was posted, a value that is not JSON became a dead letter at offset 1, and the
 * transaction t2 waits behind it; one of account B was posted.
 */
export function layFormat1(path: string): void {
  mkdirSync(join(path, 'log'), { recursive: true });
  const packed = readFileSync(new URL('format-1.mdb.gz', import.meta.url));
  writeFileSync(join(path, 'log', 'data.mdb'), gunzipSync(packed));
}
