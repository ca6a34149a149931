import type { QueryReader } from './ask.ts';

/** A ClickHouse with Headrace's tables. */
export interface ConnectedStore extends QueryReader {
  /** Ends the connections; to be called when no question is under way. */
  close(): Promise<void>;
}

/**
 * The ClickHouse server at an address such as `http://user:password@host:8123`, for questions. Nothing is sent before the first;
 * several may be asked side by side, four at a time. Throws CLICKHOUSE_FAILED for an address that is none.
 */
export async function connectStore(url: string): Promise<ConnectedStore> {
  // The client is loaded by those only who ask a server.
  const { openServer } = await import('../connection/server.ts');
  return openServer({ url });
}
