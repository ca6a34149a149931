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
  /** Of its present life; the same for everybody who asks. */
  readonly life: string;
  /** Another with every answer. */
  readonly random: string;
}

/**
 * A table in memory is empty after each start of the server, however soon that comes after the one before; the first who
 * asks then names the new life. (A start told by the uptime is up to a second early or late: two sinks would see two lives
 * of one server, and one sink would not see a restart within a second.)
 */
const LIVES = 'headrace.engine_lives';

/** One row: {@link ServerStart}, and `names`, which is 0 where the server's life has no name yet. Fails where the table is missing. */
export const ASK_SERVER_LIFE = `SELECT toString(serverUUID()) AS server, toString(min(id)) AS life, count() AS names, toString(generateUUIDv4()) AS random FROM ${LIVES}`;

/** Gives the server's life a name, unless it has one. */
export const NAME_SERVER_LIFE: readonly string[] = [
  'CREATE DATABASE IF NOT EXISTS headrace',
  `CREATE TABLE IF NOT EXISTS ${LIVES} (id UUID) ENGINE = Memory COMMENT 'The life of this server since it was started: a part of deduplication tokens'`,
  `INSERT INTO ${LIVES} SELECT generateUUIDv4() WHERE (SELECT count() FROM ${LIVES}) = 0`,
];

/** The life of a server: asked for before the first insert, after each failure, and whenever an insert has come through. */
export class ServerLife {
  readonly #ask: () => Promise<ServerStart>;
  #known: ServerStart | undefined;
  #isInDoubt = true;
  #doubts = 0;
  #isRenewing = false;
  #renewal = '';

  /** @param ask rejects where the server does not answer. */
  constructor(ask: () => Promise<ServerStart>) {
    this.#ask = ask;
  }

  /** The token of the caller, of the server's present life. */
  async token(token: string): Promise<string> {
    while (this.#known === undefined || this.#isInDoubt) await this.hasRestarted();
    const { server, life } = this.#known!;
    return `${token}-${server}-${life}${this.#renewal}`;
  }

  /** Asks the server. Whether it has started anew since it was asked last. */
  async hasRestarted(): Promise<boolean> {
    const [before, doubts] = [this.#known, this.#doubts];
    const now = await this.#ask();
    // Inserts run side by side: one that failed since the question was sent may be behind the answer.
    if (doubts === this.#doubts) this.#isInDoubt = false;
    if (this.#isRenewing) this.#renewal = `-${now.random}`;
    this.#isRenewing = false;
    this.#known = now;
    // Another node of a cluster says nothing about the one before.
    return before !== undefined && before.server === now.server && before.life !== now.life;
  }

  /** After a failure: the server may have ended. */
  doubt(): void {
    this.#isInDoubt = true;
    this.#doubts++;
  }

  /** As {@link EngineLife.renew}. */
  renew(): void {
    this.doubt();
    this.#isRenewing = true;
  }
}
