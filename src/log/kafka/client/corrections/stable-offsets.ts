import { type Correction, patch } from '../correction.ts';
import { type OffsetFetch, stableOffsetFetch } from '../transactions/offset-fetch.ts';

/**
 * Defect: committed offsets are read with OffsetFetch v4, which answers with the last ones that are decided. Where the former owner of a
 * partition has a transaction under way whose offsets are pending, the new one starts before it, and both process the same records
 * (src/protocol/requests/offsetFetch/index.js; KIP-447).
 *
 * Correction: OffsetFetch v7 with `require_stable`, asked again while the answer is UNSTABLE_OFFSET_COMMIT, as the JVM's consumer
 * does under read_committed.
 */
export const stableOffsets: Correction = {
  name: 'stable-offsets',
  summary: 'committed offsets are read when no transaction that could change them is under way (KIP-447)',
  patches: {
    'src/protocol/requests/offsetFetch/index.js': patch<RequestDefinition>((definition, load) => {
      const { createErrorFromCode } = load('src/protocol/error') as ErrorModule;
      return {
        versions: [...definition.versions, '7'],
        protocol: ({ version }: { version: number }) =>
          version === 7
            ? (wanted: OffsetFetch) => stableOffsetFetch(wanted, createErrorFromCode)
            : definition.protocol({ version }),
      };
    }),
    'src/broker/index.js': patch<BrokerClass>(({ prototype }) => {
      const { offsetFetch } = prototype;
      prototype.offsetFetch = async function fetchWhenStable(wanted) {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await offsetFetch.call(this, wanted);
          } catch (error) {
            if (attempt >= ATTEMPTS_MAX || !isUnstable(error)) throw error;
            await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          }
        }
      };
    }),
  },
};

const PAUSE_MS = 50;
/** Five seconds; then the error, which is retriable, goes to the consumer, which sends its heartbeats before it asks again. */
const ATTEMPTS_MAX = 100;

function isUnstable(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'UNSTABLE_OFFSET_COMMIT';
}

interface Broker {
  offsetFetch(wanted: OffsetFetch): Promise<unknown>;
}

interface BrokerClass {
  readonly prototype: Broker;
}

interface RequestDefinition {
  readonly versions: readonly string[];
  readonly protocol: (options: { version: number }) => unknown;
}

interface ErrorModule {
  readonly createErrorFromCode: (code: number) => Error;
}
