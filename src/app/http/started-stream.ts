import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Aborted when the answer is at an end, most of all when its client goes away before. */
export function closing({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController();
  if (raw.destroyed) closed.abort();
  raw.once('close', () => closed.abort());
  return closed.signal;
}

/**
 * A result as a stream that ends its source when it is broken off. An error before the first chunk rejects, so that it still becomes a
 * problem with a status.
 */
export async function startedStream(chunks: AsyncIterable<Uint8Array>): Promise<Readable> {
  const source = chunks[Symbol.asyncIterator]();
  const first = await source.next();
  return Readable.from(
    (async function* () {
      try {
        for (let next = first; !next.done; next = await source.next()) yield Buffer.from(next.value);
      } finally {
        // Else a source that nobody asks any more would hold its reader for ever.
        await source.return?.();
      }
    })(),
  );
}
