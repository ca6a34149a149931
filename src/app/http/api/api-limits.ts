/** What the door takes at once; docs/HTTP.md lists them. */
export interface ApiLimits {
  /** Bytes of one body; more is 413. */
  readonly bodyBytesMax: number;
  /** Items of one body. */
  readonly itemsMax: number;
  /** Requests under way, and the bytes of their bodies; more is 503. */
  readonly requestsMax: number;
  readonly requestBytesMax: number;
  /** Requests that wait for a result (waitMs); more is 503. */
  readonly waitersMax: number;
  readonly waitMsMax: number;
  /** Requests a second of one client, and how many it may make at once after a pause; more is 429. */
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** How long an append waits while intake is held (a reconciliation is looking); then 503. */
  readonly holdWaitMaxMs: number;
  /** Records looked through for one answer before it is 503: so far behind is ClickHouse, or the engine. */
  readonly scannedRecordsMax: number;
  /** Idempotency keys kept, and for how long. */
  readonly idempotencyKeysMax: number;
  readonly idempotencyMs: number;
  /** How long an end waits for the requests under way. */
  readonly stopWaitMaxMs: number;
}

export const API_LIMITS: ApiLimits = {
  bodyBytesMax: 2 * 1024 * 1024,
  itemsMax: 1_000,
  requestsMax: 2_000,
  requestBytesMax: 64 * 1024 * 1024,
  waitersMax: 512,
  waitMsMax: 30_000,
  requestsPerSecond: 20_000,
  burst: 20_000,
  holdWaitMaxMs: 5_000,
  scannedRecordsMax: 500_000,
  idempotencyKeysMax: 100_000,
  idempotencyMs: 24 * 3_600_000,
  stopWaitMaxMs: 10_000,
};
