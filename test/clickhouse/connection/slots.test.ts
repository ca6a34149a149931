import { expect, test } from 'vitest';
import { Slots } from '../../../src/clickhouse/connection/slots.ts';

test('who waits comes in as they came, and one more than may wait is refused', async () => {
  const slots = new Slots(1, { waitingMax: 2 });
  const came: string[] = [];
  await slots.acquire();
  const [one, two] = ['one', 'two'].map((name) => slots.acquire().then(() => came.push(name)));
  await expect(slots.acquire()).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    retriable: true,
    message: expect.stringContaining('Code: 202.'),
  });
  slots.release();
  await one;
  expect(came).toEqual(['one']);
  slots.release();
  await two;
  expect(came).toEqual(['one', 'two']);
});

test('who goes away or waits too long leaves the queue, and takes no slot with it', async () => {
  const slots = new Slots(1, { waitingMax: 1, waitMaxMs: 20 });
  await slots.acquire();
  await expect(slots.acquire()).rejects.toMatchObject({ retriable: true, message: expect.stringContaining('0.02 s') });
  const gone = new AbortController();
  const waiting = slots.acquire(gone.signal);
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'QUERY_FAILED', retriable: false });
  slots.release();
  await expect(slots.acquire(gone.signal)).rejects.toMatchObject({ code: 'QUERY_FAILED', retriable: false });
  await slots.acquire();
  slots.release();
});
