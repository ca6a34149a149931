import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../clock.ts';
import { errorMessage, errorOf } from '../../error-message.ts';
import type { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { NewRecord } from '../../log/record.ts';
import { type DataDirectory, openDataDirectory } from '../../storage/data-directory.ts';
import { type OpenTopicFormats, openTopicFormats } from '../formats/open-topic-formats.ts';
import { serveState } from '../http/serve-state.ts';
import { HttpStateExchange } from '../http/state-exchange.ts';
import { questionsOf } from '../http/state-routes.ts';
import { type AppLogger, openLogger } from '../logger.ts';
import { openLog } from '../open-log.ts';
import { Restores } from '../restores.ts';
import { SystemWorkers, type WorkFigures } from '../system-workers.ts';
import { systemsOf } from '../systems.ts';
import type { FromThread, StatePlace, ThreadOrders, ToThread } from './thread-messages.ts';

export type ThreadPort = Pick<MessagePort, 'postMessage' | 'on' | 'close'>;

/** How old the figures are that the main thread shows, at most. */
const FIGURES_INTERVAL_MS = 250;

/** What a thread has open, in the order of its beginning. */
interface Opened {
  readonly formats: OpenTopicFormats;
  readonly log: Log;
  readonly state: { close(): Promise<void> } | undefined;
  readonly workers: SystemWorkers;
  readonly restores: Restores;
}

function figuresOf({ workers, restores }: Opened): WorkFigures {
  return { ...workers.figures(), restores: restores.figures };
}

/**
 * The life of a thread: its log and the systems' workers over it, until the main thread says `close` or is gone. The process may be
 * killed at any point of it; the next start finds the folder as it was. Never rejects: what ends it is told as `failed`.
 */
export async function runThread(orders: ThreadOrders, port: ThreadPort, clock: Clock): Promise<void> {
  const post = (message: FromThread) => port.postMessage(message);
  const appends = new Appends(post);
  const logger = openLogger(orders.logDirectory, undefined, { thread: orders.number });
  let opened: Opened | undefined;
  try {
    opened = await open(orders, { clock, logger, post, appends });
  } catch (error) {
    post({ kind: 'failed', error: errorMessage(error) });
  }
  const reporting = setInterval(() => {
    if (opened !== undefined) post({ kind: 'figures', figures: figuresOf(opened) });
  }, FIGURES_INTERVAL_MS);
  const close = async () => {
    clearInterval(reporting);
    await opened?.workers.close();
    await opened?.state?.close();
    await opened?.log.close();
    opened?.formats.close();
    post({ kind: 'closed', figures: opened && figuresOf(opened) });
    port.close();
  };
  port.on('message', (message: ToThread) => {
    switch (message.kind) {
      case 'idle':
        void opened?.workers.idle().then(() => {
          post({ kind: 'idle', id: message.id, figures: figuresOf(opened!) });
        }, failed(post));
        break;
      case 'appended':
        appends.answered(message);
        break;
      case 'close':
        close().catch(failed(post));
    }
  });
}

const failed = (post: (message: FromThread) => void) => (error: unknown) =>
  post({ kind: 'failed', error: errorMessage(error) });

interface Surroundings {
  readonly clock: Clock;
  readonly logger: AppLogger;
  readonly post: (message: FromThread) => void;
  readonly appends: Appends;
}

/** Throws what openDataDirectory, openTopicFormats and openLog throw, with nothing left open. */
async function open(orders: ThreadOrders, { clock, logger, post, appends }: Surroundings): Promise<Opened> {
  const { folder, instance, statePlace, options } = orders;
  const { valueFormat = 'avro', schemaRegistry } = options;
  const registry = schemaRegistry === undefined ? {} : { registryUrl: schemaRegistry };
  const onFault = (source: string, error: HeadraceError) => post({ kind: 'fault', source, error: errorMessage(error) });
  const formats = await openTopicFormats({ format: valueFormat, clock, ...registry });
  let directory: DataDirectory | undefined;
  try {
    directory = openDataDirectory(folder, { clock });
    const exchange = HttpStateExchange.ofProcess(process.env);
    const restores = new Restores(clock, logger);
    const own = { directory, instance, clock, logger, exchange, restores };
    const log = openLog({ ...options, ...own, onFault: (error) => onFault('log', error) });
    // Before its members join, for they say where it is.
    const state = await serveStateOf(log, exchange, statePlace);
    const workers = new SystemWorkers({
      ...options,
      log,
      systems: systemsOf({ ...options, valueSerde: formats.valueSerde }),
      clock,
      logger,
      member: memberOf(orders.number),
      append: (records) => appends.append(records),
      onFault,
      onFailure: failed(post),
    });
    return { formats, log, state, workers, restores };
  } catch (error) {
    formats.close();
    await directory?.close();
    throw error;
  }
}

async function serveStateOf(log: Log, exchange: HttpStateExchange, place: StatePlace | undefined) {
  const questions = questionsOf(log, exchange);
  if (place === undefined || questions === undefined) return undefined;
  const { address, host = '127.0.0.1', tls } = place;
  return serveState({ exchange, answer: questions.answer, host, tls, beside: address });
}

/** What a thread's workers are called; the main thread's are `worker-0`. */
export function memberOf(number: number): string {
  return `worker-${number}`;
}

/** Appends that the main thread makes for this one. */
class Appends {
  readonly #post: (message: FromThread) => void;
  readonly #waiting = new Map<number, { readonly resolve: () => void; readonly reject: (error: unknown) => void }>();
  #nextId = 0;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  append(records: readonly NewRecord[]): Promise<void> {
    const id = this.#nextId++;
    this.#post({ kind: 'append', id, records });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  answered({ id, error }: Extract<ToThread, { kind: 'appended' }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(errorOf(error));
  }
}
