/** How processes ask each other for state; the adapter of HTTP is in src/app/http/. */
export interface StateExchange {
  /**
   * Where this process answers, for those who know how to ask: it stands in the subscriptions of its members. Undefined where it does not
   * answer. Asked for at each join.
   */
  endpoint(): string | undefined;
  /**
   * What the process at an endpoint answers, which its log made by {@link Log.answerState}. Rejects with STATE_UNAVAILABLE (retriable) where it does not answer in time, or
   * refuses; the message names no secret of the endpoint.
   */
  ask(endpoint: string, question: Uint8Array): Promise<Uint8Array>;
}
