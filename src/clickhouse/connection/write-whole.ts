import { closeSync, openSync, writev } from 'node:fs';
import { promisify } from 'node:util';
import { slicePieces } from '../row-binary/slice-pieces.ts';

const writeAt = promisify(writev);

/** Of one call: what Linux takes (IOV_MAX). */
const PIECES_MAX = 1_024;

/**
 * Writes a new file in as few turns of the event loop as there are: node:fs/promises takes one for each half megabyte, and each waits
 * for whatever else the loop does meanwhile. Rejects as node:fs does.
 */
export async function writeWhole(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = openSync(path, 'w', 0o600);
  try {
    let at = 0;
    for (let rest = pieces; rest.length > 0; ) {
      const { bytesWritten } = await writeAt(file, rest.slice(0, PIECES_MAX), at);
      at += bytesWritten;
      rest = slicePieces(rest, bytesWritten);
    }
  } finally {
    closeSync(file);
  }
}
