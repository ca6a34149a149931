import type { Correction } from '../correction.ts';

/**
 * Defect: a batch of more than some 120,000 records crashes the consumer: its records are the arguments of one call, and they
 * overflow the stack (src/protocol/requests/fetch/v4/decodeMessages.js, 28; pull request 1723, not released).
 *
 * Correction: they are added one by one.
 */
export const largeRecordSets: Correction = {
  name: 'large-record-sets',
  summary: 'a batch of more than 120,000 records does not overflow the stack',
  edits: {
    'src/protocol/requests/fetch/v4/decodeMessages.js': [
      {
        from: 'records.push(...recordBatch.records)',
        to: 'for (const record of recordBatch.records) records.push(record)',
      },
    ],
  },
};
