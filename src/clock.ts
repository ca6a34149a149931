/** A clock in milliseconds since 1970; the engine reads time only through one (design D13). */
export type Clock = () => number;
