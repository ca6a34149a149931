import type { Socket } from 'node:net';
import { type Correction, patch } from '../correction.ts';

/**
 * Defect: Nagle's algorithm stays on, so that a request which follows another one that is not acknowledged yet waits for that
 * acknowledgement, up to 40 ms where the broker delays it (src/network/socketFactory.js, 10-22).
 *
 * Correction: TCP_NODELAY, as the JVM's client sets it.
 */
export const tcpNoDelay: Correction = {
  name: 'tcp-no-delay',
  summary: "requests leave at once: Nagle's algorithm is off",
  patches: {
    'src/network/socketFactory.js': patch<() => (options: unknown) => Socket>((createFactory) => () => {
      const factory = createFactory();
      return (options: unknown) => factory(options).setNoDelay(true);
    }),
  },
};
