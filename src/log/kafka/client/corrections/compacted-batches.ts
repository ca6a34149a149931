import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a consumer's position goes by the last record that it sees, not by the last offset of the batch. Where compaction has taken the
 * last records of a batch away, it fetches the same batch again for each offset in between; where it has taken all
 * of them, it stays there and fetches the same bytes for ever, as fast as it can, unless the same answer brings more
 * (src/protocol/requests/fetch/v4/decodeMessages.js, 25-39; src/consumer/batch.js, 77-90).
 *
 * Correction: a batch whose last records are gone ends with a control record at its last offset, which no program is handed, and
 * which the position goes by; the JVM's consumer goes by `lastOffset()` of the batch.
 */
export const compactedBatches: Correction = {
  name: 'compacted-batches',
  summary: 'a consumer moves on over what compaction has taken from the end of a batch',
  patches: {
    'src/protocol/recordBatch/v0/decoder.js': patch<DecodeBatch>((decode) => async (decoder: unknown) => {
      const batch = await decode(decoder);
      const { firstOffset, lastOffsetDelta, records, ...context } = batch;
      const lastOffset = (BigInt(firstOffset) + BigInt(lastOffsetDelta)).toString();
      if (records.at(-1)?.offset === lastOffset) return batch;
      const batchContext = { ...context, firstOffset, lastOffsetDelta };
      const end = { offset: lastOffset, key: null, value: null, headers: {}, isControlRecord: true, batchContext };
      return { ...batch, records: [...records, end] };
    }),
  },
};

interface DecodedBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly records: readonly { readonly offset: string }[];
}

type DecodeBatch = (decoder: unknown) => Promise<DecodedBatch>;
