/**
 * One life of a ClickHouse engine, from its start to its end; a part of every deduplication token. A MergeTree writes a
 * token into its log before the part is in its place: killed in between, it drops the same insert after the restart in
 * silence, and the rows are missing for ever. Under a token of the new life they come in, and where they had come in
 * before, the table replaces them. Within one life the token is the same, so that what came in is not there twice.
 */
export class EngineLife {
  readonly #id: string;
  #renewals = 0;

  /** @param id made by chance when the engine was opened: no two openings have the same. */
  constructor(id: string) {
    this.#id = id;
  }

  /** The token of the caller, of this life. */
  token(token: string): string {
    return `${token}-${this.#id}-${this.#renewals}`;
  }

  /** After a failure that may have left a token without its rows: from here on it counts as another life. */
  renew(): void {
    this.#renewals++;
  }
}

/** What a server says about itself. */
export interface ServerStart {
  /** Its UUID, which outlives restarts. */
  readonly server: string;
  /** When it started by its own clock, milliseconds since 1970, up to a second early or late. */
  readonly startedMs: number;
  /** Another with every answer. */
  readonly random: string;
}

/** A server counts its uptime in whole seconds. */
const START_PRECISION_MS = 1_500;

export const SERVER_START_SQL =
  'SELECT toString(serverUUID()) AS server, toString(toUnixTimestamp64Milli(now64(3)) - uptime() * 1000) AS startedMs, toString(generateUUIDv4()) AS random';

/** The life of a server: asked for before the first insert, after each failure, and whenever an insert has come through. */
export class ServerLife {
  readonly #ask: () => Promise<ServerStart>;
  #known: ServerStart | undefined;
  #isInDoubt = true;
  #isRenewing = false;
  #renewal = '';

  /** @param ask rejects where the server does not answer. */
  constructor(ask: () => Promise<ServerStart>) {
    this.#ask = ask;
  }

  /** The token of the caller, of the server's present life. */
  async token(token: string): Promise<string> {
    if (this.#known === undefined || this.#isInDoubt) await this.hasRestarted();
    const { server, startedMs } = this.#known!;
    return `${token}-${server}-${Math.round(startedMs / 1_000)}${this.#renewal}`;
  }

  /** Asks the server. Whether it has started anew since it was asked last. */
  async hasRestarted(): Promise<boolean> {
    const before = this.#known;
    const now = await this.#ask();
    this.#isInDoubt = false;
    if (this.#isRenewing) this.#renewal = `-${now.random}`;
    this.#isRenewing = false;
    const isLate = before !== undefined && Math.abs(now.startedMs - before.startedMs) > START_PRECISION_MS;
    // The same life keeps the moment that it was known by first, so that its tokens stay the same.
    if (before?.server !== now.server || isLate) this.#known = now;
    // Another node of a cluster says nothing about the one before.
    return isLate && before.server === now.server;
  }

  /** After a failure: the server may have ended. */
  doubt(): void {
    this.#isInDoubt = true;
  }

  /** As {@link EngineLife.renew}. */
  renew(): void {
    this.#isInDoubt = true;
    this.#isRenewing = true;
  }
}
