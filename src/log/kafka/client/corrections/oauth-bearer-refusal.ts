import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a token that the broker refuses passes for accepted. A server answers a bad token with a JSON document in an
 * answer without an error code, and says so with an error only after the client has sent one byte more (RFC 7628,
 * section 3.2.3). kafkajs does not look into the answer, so the first request after it finds a closed connection without a
 * reason (src/broker/saslAuthenticator/oauthBearer.js, 37).
 *
 * Correction: an answer with a document in it is answered by the byte, and the broker's refusal is what `authenticate` rejects with.
 */
export const oauthBearerRefusal: Correction = {
  name: 'oauth-bearer-refusal',
  summary: 'a bearer token that the broker refuses is an authentication error, not a closed connection',
  patches: {
    'src/broker/saslAuthenticator/oauthBearer.js': patch<Provider>((provide, load) => (sasl: unknown) => {
      const { KafkaJSSASLAuthenticationError } = load('src/errors') as Errors;
      return (context: Context) => {
        const saslAuthenticate = async (exchange: { request: unknown }) => {
          const refusal = await context.saslAuthenticate({ ...exchange, response: asText });
          if (refusal === '') return;
          await context.saslAuthenticate({ request: { encode: async () => DUMMY_ANSWER }, response: asText });
          throw new KafkaJSSASLAuthenticationError(`the broker refused the token: ${refusal}`);
        };
        return provide(sasl)({ ...context, saslAuthenticate });
      };
    }),
  },
};

/** RFC 7628: %x01, here behind its length as kafkajs's `encode` of authentication bytes has it. */
const DUMMY_ANSWER = Buffer.from([0, 0, 0, 1, 1]);
const LENGTH_BYTES = 4;

const asText = {
  decode: async (bytes: Buffer) => bytes.subarray(LENGTH_BYTES).toString('utf8'),
  parse: async (text: string) => text,
};

interface Context {
  readonly saslAuthenticate: (exchange: { request: unknown; response?: unknown }) => Promise<unknown>;
}

type Provider = (sasl: unknown) => (context: Context) => unknown;

interface Errors {
  readonly KafkaJSSASLAuthenticationError: new (message: string) => object;
}
