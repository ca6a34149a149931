import type { Headers } from '../../log/record.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import { offsetIn, placeOf } from '../replay.ts';

/** On a dead letter of a topic of requests, and on what is made of it again: where the record stood when it first was there. */
const CALL_PLACE = '__headrace.call.place';

/** The offset under which a record was first asked about in this partition: its own, or that of the letter that it is made of. */
export function firstOffset(batch: RecordBatch, index: number, headers: Headers): number {
  const place = headers.find(([name]) => name === CALL_PLACE)?.[1];
  const first = place == null ? undefined : offsetIn(Buffer.from(place).toString(), batch);
  return first ?? batch.offsetAt(index);
}

/** What a dead letter says of it. */
export function callPlaceHeaders(batch: RecordBatch, index: number): Headers {
  const first = firstOffset(batch, index, batch.headersAt(index));
  return [[CALL_PLACE, Buffer.from(placeOf(batch, first))]];
}

/** Of what another record takes over, this is left out: it would be asked about as the other one. */
export function withoutCallPlace(headers: Headers): Headers {
  return headers.some(([name]) => name === CALL_PLACE) ? headers.filter(([name]) => name !== CALL_PLACE) : headers;
}
