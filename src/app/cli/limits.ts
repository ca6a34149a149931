export const PORT_MAX = 65_535;
/** Every partition of every topic has rows and memory of its own. */
export const PARTITIONS_MAX = 1_024;
/** What is printed is held in memory. */
export const PRINT_MAX = 1_000_000;
