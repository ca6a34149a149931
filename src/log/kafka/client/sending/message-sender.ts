import { halves, type OutgoingBatch, spread } from './outgoing-batch.ts';
import { produceOnce } from './produce-once.ts';
import type { ProduceAnswer, SendCall, SenderOptions, SenderParts } from './sender-options.ts';

const DUPLICATE = 46;
const TOO_LARGE = [10, 18];
/** Unknown, damaged, network, timed out, too few replicas after it was appended: it may be there. */
const MAY_BE_THERE = [-1, 2, 7, 13, 20];
/** Sequence numbers do not fit what the broker knows, or the epoch is over: they are of no use any more. */
const OUT_OF_STEP = [45, 47, 59];
const STALE = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'];
const LOST = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSRequestTimeoutError',
];

type Answers = readonly (ProduceAnswer & { readonly topicName: string })[];

/** kafkajs's sendMessages, for one producer: see the correction `send-retries`. */
export function messageSender(options: SenderOptions, parts: SenderParts): (call: SendCall) => Promise<Answers> {
  const { eosManager } = options;
  let last: Promise<unknown> = Promise.resolve();
  // Set where numbers were used for messages of which nobody knows whether they arrived.
  const doubt = { isThere: false };

  return (call) => {
    const send = () => sendAll(call, options, parts, doubt);
    // isInitialized is false where sequence numbers are not used at all.
    if (!eosManager.isInitialized() && !doubt.isThere) return send();
    const sent = last.then(send, send);
    last = sent.catch(() => undefined);
    return sent;
  };
}

async function sendAll(
  call: SendCall,
  options: SenderOptions,
  parts: SenderParts,
  doubt: { isThere: boolean },
): Promise<Answers> {
  const { cluster, eosManager, partitioner, retrier } = options;
  if (doubt.isThere && !eosManager.isTransactional()) {
    await eosManager.initProducerId();
    doubt.isThere = false;
  }
  const outgoing: Outgoing = { batches: undefined };
  try {
    return await retrier(async (bail, retryCount, retryTime) => {
      try {
        await cluster.addMultipleTargetTopics(call.topicMessages.map(({ topic }) => topic));
        await cluster.refreshMetadataIfNecessary();
        outgoing.batches ??= spread(call.topicMessages, ({ topic, messages }) => {
          const partitionMetadata = cluster.findTopicPartitionMetadata(topic);
          if (partitionMetadata.length === 0) throw parts.metadataNotLoaded('Producing to topic without metadata');
          return parts.groupMessages({ topic, partitionMetadata, messages, partitioner });
        });
        await sendPending(outgoing, call, options, parts);
        return call.acks === 0 ? [] : outgoing.batches.flatMap(({ answer }) => answer ?? []);
      } catch (error) {
        if (isRetriable(error)) await recover(error, options, { retryCount, retryTime });
        else bail(error);
        throw error;
      }
    });
  } catch (error) {
    giveBack(outgoing.batches ?? [], options, doubt);
    if (eosManager.isTransactional()) eosManager.failedSend = error;
    throw error;
  }
}

/** What one `send` has to bring out. It outlives the attempts, which replace batches by their halves. */
interface Outgoing {
  batches: OutgoingBatch[] | undefined;
}

/** Rounds of one batch a partition until all are answered for. Throws the first error of a round, after all of it was answered. */
async function sendPending(
  outgoing: Outgoing,
  call: SendCall,
  options: SenderOptions,
  parts: SenderParts,
): Promise<void> {
  for (;;) {
    const round = firstOfEach((outgoing.batches ?? []).filter(({ answer }) => answer === undefined));
    if (round.length === 0) return;
    const { failures } = await produceOnce(round, call, options, parts);
    let failed: unknown;
    for (const { batch, error, code } of failures) {
      if (code === DUPLICATE) {
        batch.answer = { topicName: batch.topic, partition: batch.partition, errorCode: 0, baseOffset: '-1' };
      } else if (code !== undefined && TOO_LARGE.includes(code) && batch.messages.length > 1) {
        takeBack(batch, options);
        outgoing.batches = outgoing.batches?.flatMap((each) => (each === batch ? halves(batch) : [each]));
      } else {
        batch.isInDoubt ||= code === undefined || MAY_BE_THERE.includes(code) || OUT_OF_STEP.includes(code);
        failed = failed === undefined || isRetriable(failed) ? error : failed;
      }
    }
    if (failed !== undefined) throw failed;
  }
}

function firstOfEach(batches: readonly OutgoingBatch[]): OutgoingBatch[] {
  const first = new Map<string, OutgoingBatch>();
  for (const batch of batches) {
    const key = JSON.stringify([batch.topic, batch.partition]);
    if (!first.has(key)) first.set(key, batch);
  }
  return [...first.values()];
}

/** The number of a batch that the broker has refused is free for the next one. */
function takeBack(batch: OutgoingBatch, { eosManager }: SenderOptions): void {
  if (batch.sequence === undefined) return;
  eosManager.updateSequence(batch.topic, batch.partition, -batch.messages.length);
  batch.sequence = undefined;
}

/**
 * After the last attempt: the numbers of refused batches are free again; those of batches that may have arrived are in doubt, and
 * with them the producer's id. A transaction is aborted by whoever began it, and the producer gets a new epoch by that.
 */
function giveBack(batches: readonly OutgoingBatch[], options: SenderOptions, doubt: { isThere: boolean }): void {
  for (const batch of batches) {
    if (batch.sequence === undefined || batch.answer !== undefined) continue;
    if (!batch.isInDoubt) takeBack(batch, options);
    else if (options.eosManager.isInitialized()) doubt.isThere = true;
  }
}

async function recover(error: unknown, { cluster, logger }: SenderOptions, retry: object): Promise<void> {
  const { name, type, message, host, port } = described(error);
  logger.error(`Failed to send messages: ${message}`, retry);
  if (name === 'KafkaJSConnectionClosedError') cluster.removeBroker({ host, port });
  if (!cluster.isConnected()) await cluster.connect();
  if (STALE.includes(type) || LOST.includes(name) || name === 'KafkaJSProtocolError') await cluster.refreshMetadata();
}

function isRetriable(error: unknown): boolean {
  return described(error).retriable !== false;
}

function described(error: unknown): {
  readonly name: string;
  readonly type: string;
  readonly message: string;
  readonly retriable?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
} {
  if (!(error instanceof Error)) return { name: '', type: '', message: String(error) };
  return { type: '', retriable: undefined, ...error, name: error.name, message: error.message };
}
