import type { Correction } from './correction.ts';
import { abandonedSockets } from './corrections/abandoned-sockets.ts';
import { abortedTransactions } from './corrections/aborted-transactions.ts';
import { checksums } from './corrections/checksums.ts';
import { compactedBatches } from './corrections/compacted-batches.ts';
import { compressionCodecs } from './corrections/compression-codecs.ts';
import { consumerCrash } from './corrections/consumer-crash.ts';
import { generationInJoinEvent } from './corrections/generation-in-join-event.ts';
import { groupCheckedOffsets } from './corrections/group-checked-offsets.ts';
import { idleWakeUps } from './corrections/idle-wake-ups.ts';
import { largeRecordSets } from './corrections/large-record-sets.ts';
import { leaderMoves } from './corrections/leader-moves.ts';
import { messageGrouping } from './corrections/message-grouping.ts';
import { newerErrorCodes } from './corrections/newer-error-codes.ts';
import { oauthBearerIdentity } from './corrections/oauth-bearer-identity.ts';
import { oauthBearerRefusal } from './corrections/oauth-bearer-refusal.ts';
import { offsetOutOfRange } from './corrections/offset-out-of-range.ts';
import { ownOffsets } from './corrections/own-offsets.ts';
import { reAuthentication } from './corrections/re-authentication.ts';
import { recordEncoding } from './corrections/record-encoding.ts';
import { requestCopies } from './corrections/request-copies.ts';
import { sendRetries } from './corrections/send-retries.ts';
import { sharedConnect } from './corrections/shared-connect.ts';
import { stableOffsets } from './corrections/stable-offsets.ts';
import { tcpNoDelay } from './corrections/tcp-no-delay.ts';
import { transactionEnds } from './corrections/transaction-ends.ts';
import { transactionRequests } from './corrections/transaction-requests.ts';

/** All corrections of kafkajs, in the order in which they are applied: connections, records, consumers, producers, transactions. */
export const corrections: readonly Correction[] = [
  idleWakeUps,
  abandonedSockets,
  sharedConnect,
  reAuthentication,
  oauthBearerIdentity,
  oauthBearerRefusal,
  tcpNoDelay,
  requestCopies,
  newerErrorCodes,
  compressionCodecs,
  checksums,
  compactedBatches,
  largeRecordSets,
  abortedTransactions,
  offsetOutOfRange,
  leaderMoves,
  generationInJoinEvent,
  consumerCrash,
  ownOffsets,
  stableOffsets,
  messageGrouping,
  recordEncoding,
  sendRetries,
  transactionRequests,
  groupCheckedOffsets,
  transactionEnds,
];
