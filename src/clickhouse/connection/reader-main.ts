// The entry of a reader's thread: it runs one query at a time, as the main thread says.
import { parentPort, workerData } from 'node:worker_threads';
import { drainPending, Session } from 'chdb';
import { errorMessage } from '../../error-message.ts';
import { beginRead } from './embedded-reader.ts';
import { engineError } from './engine-error.ts';
import { FormattedStatements } from './formatted-statements.ts';
import type { FromReader, ReadEnd, ReadOrder, ToReader } from './reader-messages.ts';
import { mayBeSmall, readSmall } from './small-result.ts';
import { UntakenChunks } from './untaken-chunks.ts';

/** What a reader's thread is told when it is started. */
export interface ReaderOrders {
  /** The engine's own, in small letters: the same for every directory. */
  readonly tableFunctions: ReadonlySet<string>;
}

const port = parentPort!;
const { tableFunctions } = workerData as ReaderOrders;
const guard = { tableFunctions, formatted: new FormattedStatements() };
/** Of the read under way. */
let untaken: UntakenChunks | undefined;

// A thread that ended would close every connection that the process has to the engine (reader-thread.ts).
process.on('uncaughtException', (error) => {
  post({ kind: 'faulted', error: errorMessage(error) });
  untaken?.stop();
});

port.on('message', (message: ToReader) => {
  switch (message.kind) {
    case 'read':
      void run(message.order);
      break;
    case 'taken':
      untaken?.taken();
      break;
    case 'stop':
      untaken?.stop();
  }
});

async function run(order: ReadOrder): Promise<void> {
  untaken = new UntakenChunks();
  let end: ReadEnd = { kind: 'end' };
  try {
    const small = mayBeSmall(order)
      ? await inSession(order.path, (session) => readSmall(session, guard, order))
      : undefined;
    if (small !== undefined) end = { kind: 'small', ...small };
    else await inSession(order.path, (session) => sendChunks(session, order, untaken!));
  } catch (error) {
    end = { kind: 'failed', error: errorMessage(engineError('QUERY_FAILED', error)) };
  } finally {
    untaken = undefined;
    // Whatever happens: one who is not told waits for ever, and the slot with him.
    post(end);
  }
}

/** A session of its own for each query: what SET leaves behind in one never reaches another. It is closed when this resolves. */
async function inSession<T>(path: string, read: (session: Session) => Promise<T>): Promise<T> {
  const session = new Session(path);
  try {
    return await read(session);
  } finally {
    session.close();
    await drainPending();
  }
}

async function sendChunks(session: Session, order: ReadOrder, sent: UntakenChunks): Promise<void> {
  const { format, chunks } = await beginRead(session, guard, order);
  post({ kind: 'format', format });
  if (!(await sent.mayGrow())) return;
  for await (const chunk of chunks) {
    sendChunk(chunk);
    sent.sent();
    if (!(await sent.mayGrow())) break;
  }
}

/** Its memory goes along where it is the chunk's alone. */
function sendChunk(chunk: Uint8Array): void {
  const bytes = chunk.byteLength === chunk.buffer.byteLength ? chunk : new Uint8Array(chunk);
  port.postMessage({ kind: 'chunk', bytes } satisfies FromReader, [bytes.buffer as ArrayBuffer]);
}

function post(message: FromReader): void {
  port.postMessage(message);
}
