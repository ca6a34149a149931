/** A clock in milliseconds since 1970; the engine reads time only through one (design D13). */
export type Clock = () => number;

/** Starts a timer and returns what cancels it. The simulated log and the TopologyTestDriver have timers of their own (design D13). */
export type StartTimer = (delayMs: number, action: () => void) => () => void;
