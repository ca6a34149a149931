import type { Correction } from '../correction.ts';

/**
 * Defect: all clients of one `Kafka` object share one table of committed offsets. A consumer that gets an assignment empties the
 * group's part of it, so that another consumer of the same group and object loses what it knows in the midst of its work, or takes
 * the other's offsets for its own (src/index.js, 66 and 79; src/consumer/offsetManager/index.js, 361-373).
 *
 * Correction: each client has a table of its own.
 */
export const ownOffsets: Correction = {
  name: 'own-offsets',
  summary: 'clients of one Kafka object do not share their knowledge of committed offsets',
  edits: {
    'src/index.js': [{ from: 'offsets: this[PRIVATE.OFFSETS],', to: 'offsets: new Map(),' }],
  },
};
