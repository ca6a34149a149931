import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a read_committed consumer is handed records of aborted transactions. The broker lists aborted transactions in the order in
 * which they ended, and the filter takes the list for one sorted by first offset; it takes at most one transaction off the list for each
 * message, so that the second of two which begin before the same message comes too late; and it knows an abort marker by the
 * key's four zero bytes, so that a user's message with such a key ends the transaction for the filter
 * (src/consumer/filterAbortedMessages.js, 33-66).
 *
 * Correction: as the JVM's CompletedFetch does it: all aborted transactions that begin at or before the record, by first offset;
 * ended by a control record of type 0 (abort) of that producer.
 */
export const abortedTransactions: Correction = {
  name: 'aborted-transactions',
  summary: 'read_committed consumers see no record of an aborted transaction, however transactions interleave',
  patches: { 'src/consumer/filterAbortedMessages.js': patch<unknown>(() => withoutAborted) },
};

interface Aborted {
  readonly producerId: string;
  readonly firstOffset: string;
}

interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord?: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
}

interface Fetched {
  readonly messages: readonly FetchedMessage[];
  readonly abortedTransactions?: readonly Aborted[] | null;
}

function withoutAborted({ messages, abortedTransactions }: Fetched): readonly FetchedMessage[] {
  if (!abortedTransactions?.length) return messages;
  const upcoming = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0));
  const underWay = new Set<string>();
  let next = 0;
  return messages.filter((message) => {
    const { batchContext } = message;
    if (batchContext === undefined) return true;
    const offset = BigInt(message.offset);
    for (let each = upcoming[next]; each !== undefined && each.firstOffset <= offset; each = upcoming[next]) {
      underWay.add(each.producerId);
      next += 1;
    }
    if (message.isControlRecord) {
      if (isAbortMarker(message.key)) underWay.delete(batchContext.producerId);
      return true;
    }
    return !(batchContext.inTransaction && underWay.has(batchContext.producerId));
  });
}

const ABORT = 0;
const TYPE_AT = 2;

/** The key of a control record: version and type, two bytes each. */
function isAbortMarker(key: Buffer | null): boolean {
  return key !== null && key.length >= TYPE_AT + 2 && key.readInt16BE(TYPE_AT) === ABORT;
}
