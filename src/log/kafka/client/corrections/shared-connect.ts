import { type Correction, patch } from '../correction.ts';

/**
 * Defect: two calls of `connect()` of one connection at a time open two sockets. The first one to open is overwritten and
 * leaks, and what comes back on it is mixed into the second's answers (src/network/connection.js, 166-261;
 * callers: src/network/connectionPool.js, 52-60, which checks and connects in two steps).
 *
 * Correction: calls that come while one is under way share its promise.
 */
export const sharedConnect: Correction = {
  name: 'shared-connect',
  summary: 'concurrent connect() calls of a connection open one socket, not one each',
  patches: {
    'src/network/connection.js': patch<ConnectionClass>(({ prototype }) => {
      const { connect } = prototype;
      const underWay = new WeakMap<Connection, Promise<unknown>>();
      prototype.connect = function connectOnce() {
        const present = underWay.get(this);
        if (present !== undefined) return present;
        const connecting = connect.call(this).finally(() => underWay.delete(this));
        underWay.set(this, connecting);
        return connecting;
      };
    }),
  },
};

interface Connection {
  connect(): Promise<unknown>;
}

interface ConnectionClass {
  readonly prototype: Connection;
}
