import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a connection authenticates anew a fixed 10 s before its session ends (`reauthenticationThreshold`). Where
 * sessions last less than that, it does so before every single request, and a broker closes a connection that comes again
 * within a second (src/network/connection.js, 62 and 295-311; KIP-368).
 *
 * Correction: at the latest 15 % of the session's lifetime before its end, as the JVM's client does (it takes a random part of the last
 * 15 %, so that clients do not come all at once; ours spread by when they connected).
 */
export const reAuthentication: Correction = {
  name: 're-authentication',
  summary: 'short SASL sessions are renewed once in their lifetime, not before every request',
  patches: {
    'src/network/connection.js': patch<ConnectionClass>(({ prototype }) => {
      const { isAuthenticated } = prototype;
      prototype.isAuthenticated = function isAuthenticatedInTime() {
        const lifetimeMs = Number(this.sessionLifetime.toString());
        const partMs = lifetimeMs * LAST_PART;
        if (lifetimeMs > 0 && this.reauthenticationThreshold > partMs) this.reauthenticationThreshold = partMs;
        return isAuthenticated.call(this);
      };
    }),
  },
};

const LAST_PART = 0.15;

interface Connection {
  readonly sessionLifetime: { toString(): string };
  reauthenticationThreshold: number;
  isAuthenticated(): boolean;
}

interface ConnectionClass {
  readonly prototype: Connection;
}
