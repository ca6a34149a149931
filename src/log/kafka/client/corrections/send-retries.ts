import { type Correction, patch } from '../correction.ts';
import { messageSender } from '../sending/message-sender.ts';
import type { SenderOptions, SenderParts } from '../sending/sender-options.ts';

/**
 * Defect: `send()` can resolve with messages missing. Answers are kept over retries by broker, and a broker that has answered is not
 * asked again, so that a partition whose leader moved to it in between is never sent. Each retry also asks the
 * partitioner again, which spreads messages without a key anew: those of the broker that has answered are sent twice, and
 * as many others not at all. A retry begins while requests of the first attempt are still under way. And sequence numbers of an
 * attempt without an answer are given to whatever is sent next: if the first did arrive, the broker takes the second for
 * its repetition and drops it (src/producer/sendMessages.js, 18-158; issues 1303 and 1798).
 *
 * Correction: messages are spread once; each batch keeps its partition, its order and its sequence number until it is answered for, and
 * every (topic, partition) that was sent must stand in the answers. Batches that are refused for their size are halved, as the
 * JVM's producer does. An idempotent producer takes one `send` after the other; where the fate of one is unknown in the
 * end, it begins anew with a new producer id.
 */
export const sendRetries: Correction = {
  name: 'send-retries',
  summary: 'send() resolves only when every message of it was answered for, and none is sent twice by its own retries',
  patches: {
    'src/producer/sendMessages.js': patch<unknown>((_stock, load) => {
      const { KafkaJSError, KafkaJSMetadataNotLoaded } = load('src/errors') as ErrorModule;
      const { createErrorFromCode } = load('src/protocol/error') as ProtocolErrors;
      const groupMessages = load('src/producer/groupMessagesPerPartition') as SenderParts['groupMessages'];
      return (options: SenderOptions) =>
        messageSender(options, {
          groupMessages,
          errorFromCode: createErrorFromCode,
          metadataNotLoaded: (message) => new KafkaJSMetadataNotLoaded(message),
          retriableError: (message) => new KafkaJSError(message),
        });
    }),
    // The sender looks at each partition's own code: with the first one thrown, nobody knows which of the others arrived.
    'src/protocol/requests/produce/v3/response.js': patch<object>((response) => ({
      ...response,
      parse: async (data: unknown) => data,
    })),
  },
};

interface ErrorModule {
  readonly KafkaJSError: new (message: string) => Error;
  readonly KafkaJSMetadataNotLoaded: new (message: string) => Error;
}

interface ProtocolErrors {
  readonly createErrorFromCode: (code: number) => Error;
}
