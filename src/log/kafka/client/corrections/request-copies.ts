import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a request is copied three times before it leaves, each time into a buffer of the next power of two that is filled with
 * zeros first: into the body's own encoder, behind the header, and behind the length (src/protocol/request.js, 3-13;
 * src/protocol/encoder.js, 75-89).
 *
 * Correction: one buffer of the right size, the body copied into it once. A body is whatever has its bytes in `buffer`.
 */
export const requestCopies: Correction = {
  name: 'request-copies',
  summary: 'a request is copied once on its way out, not three times',
  patches: {
    'src/protocol/request.js': patch<unknown>(() => async ({ correlationId, clientId, request }: Outgoing) => {
      const { buffer: body } = await request.encode();
      const name = Buffer.from(clientId ?? '');
      const bytes = Buffer.allocUnsafe(HEADER_BYTES + name.length + body.length);
      bytes.writeInt32BE(bytes.length - LENGTH_BYTES, 0);
      bytes.writeInt16BE(request.apiKey, 4);
      bytes.writeInt16BE(request.apiVersion, 6);
      bytes.writeInt32BE(correlationId, 8);
      bytes.writeInt16BE(clientId == null ? NO_CLIENT_ID : name.length, 12);
      name.copy(bytes, HEADER_BYTES);
      body.copy(bytes, HEADER_BYTES + name.length);
      return { buffer: bytes };
    }),
  },
};

/** Length of what follows, API key, its version, correlation id, length of the client's id: request header version 1. */
const HEADER_BYTES = 14;
const LENGTH_BYTES = 4;
const NO_CLIENT_ID = -1;

interface Outgoing {
  readonly correlationId: number;
  readonly clientId?: string | null;
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly encode: () => Promise<{ readonly buffer: Buffer }>;
  };
}
