import { createGunzip } from 'node:zlib';

/** Compressed bytes per step: what comes out of a step is held in memory, at most about a thousand times as much. */
const STEP_BYTES = 4 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** The bytes behind a gzip header, or the bytes themselves: what they begin with decides, not the file's name. */
export async function* plainBytes(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const chunks = source[Symbol.asyncIterator]();
  try {
    let first = await nextChunk(chunks);
    // A pipe may hand over a single byte.
    if (first?.length === 1) {
      const second = await nextChunk(chunks);
      if (second !== undefined) first = Buffer.concat([first, second]);
    }
    if (first === undefined) return;
    const all = chain(first, chunks);
    yield* GZIP_MAGIC.every((byte, i) => first[i] === byte) ? gunzip(all) : all;
  } finally {
    await chunks.return?.();
  }
}

/**
 * Everything that could be decoded comes out before an error of the decoder does: a pipe of streams would drop it.
 */
async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const decoder = createGunzip();
  let decoded: Buffer[] = [];
  let failure: unknown;
  let wake = (): void => undefined;
  decoder.on('data', (chunk: Buffer) => decoded.push(chunk));
  decoder.on('error', (error) => {
    failure = error;
    wake();
  });
  const step = async (start: (done: () => void) => void): Promise<Buffer[]> => {
    await new Promise<void>((resolve) => {
      wake = resolve;
      start(resolve);
    });
    const out = decoded;
    decoded = [];
    return out;
  };
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length && failure === undefined; at += STEP_BYTES) {
        yield* await step((done) => decoder.write(chunk.subarray(at, at + STEP_BYTES), () => done()));
      }
      if (failure !== undefined) break;
    }
    if (failure === undefined) yield* await step((done) => decoder.once('end', done).end());
    if (failure !== undefined) throw failure;
  } finally {
    decoder.destroy();
  }
}

async function nextChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  const next = await chunks.next();
  return next.done === true ? undefined : next.value;
}

async function* chain(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  yield first;
  for (let next = await nextChunk(rest); next !== undefined; next = await nextChunk(rest)) yield next;
}
