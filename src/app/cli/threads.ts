import { HeadraceError } from '../../errors.ts';

/** Each has a data directory, a member in every group and connections of its own; more than that brings nothing on any machine. */
export const THREADS_MAX = 64;

/**
 * How many threads run the systems' workers: what `--threads` says, else the environment; 1 where neither does. Throws USAGE, also where the log
 * is not on Kafka: the log in a data directory has one writer, and a second thread at it brings next to nothing.
 */
export function threadsOf(
  { threads, kafka }: { readonly threads?: number | undefined; readonly kafka?: string | undefined },
  environment = process.env,
): number {
  const { HEADRACE_THREADS: text = '' } = environment;
  if (threads === undefined && text === '') return 1;
  const count = threads ?? Number(text);
  if (threads === undefined && !(/^\d+$/.test(text) && count >= 1 && count <= THREADS_MAX)) {
    throw new HeadraceError('USAGE', `HEADRACE_THREADS must be a number from 1 to ${THREADS_MAX}, not ${text}`);
  }
  if (kafka !== undefined) return count;
  const named = threads === undefined ? 'HEADRACE_THREADS' : '--threads';
  throw new HeadraceError(
    'USAGE',
    `${named} shares the partitions of a log on Kafka between threads: name its brokers with --kafka. The log in a data directory has one writer; leave ${named} away there`,
  );
}
