import { closeSync, openSync, write } from 'node:fs';
import { promisify } from 'node:util';

const writeAt = promisify(write);

/**
 * Writes a new file in as few turns of the event loop as there are: node:fs/promises takes one for each half megabyte, and each waits
 * for whatever else the loop does meanwhile. Rejects as node:fs does.
 */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = openSync(path, 'w', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += (await writeAt(file, bytes, at, bytes.length - at, at)).bytesWritten;
  } finally {
    closeSync(file);
  }
}
