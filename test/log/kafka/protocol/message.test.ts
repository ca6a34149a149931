import { describe, expect, it } from 'vitest';
import { message } from '../../../../src/log/kafka/protocol/message.ts';
import { RequestWriter } from '../../../../src/log/kafka/protocol/request-writer.ts';
import { fetch } from '../../../../src/log/kafka/protocol/requests/fetch.ts';
import { offsetFetch } from '../../../../src/log/kafka/protocol/requests/offset-fetch.ts';

describe('message', () => {
  it('tells kafkajs how long the broker asks to be left alone (KIP-219)', async () => {
    const { response } = message({
      apiName: 'Heartbeat',
      apiKey: 12,
      apiVersion: 3,
      write: () => {},
      read: (reader) => {
        reader.throttleTime();
        return reader.int16();
      },
    });
    const decoded = await response.decode(Buffer.from('000001f4001b', 'hex'));
    expect(decoded).toMatchObject({ clientSideThrottleTime: 500 });
    expect(await response.parse(decoded)).toBe(27);
  });

  it('puts the tags of a flexible version’s headers around the body', async () => {
    const { request, response } = offsetFetch({ group: 'g', partitions: null, requireStable: true });
    const { buffer } = await (request as { encode(): Promise<{ buffer: Buffer }> }).encode();
    // Header tags, group, null, require_stable, tags: OffsetFetchRequest.json, version 7.
    expect(buffer.toString('hex')).toBe('000267000100');
    const answer = '00 00000000 02 0262 02 00000003 000000000000002a ffffffff 00 0058 00 00 0000 00'.replaceAll(
      ' ',
      '',
    );
    const decoded = await response.decode(Buffer.from(answer, 'hex'));
    expect(await response.parse(decoded)).toEqual({
      errorCode: 0,
      partitions: [{ topic: 'b', partition: 3, offset: 42, metadata: '', errorCode: 88 }],
    });
  });

  it('refuses an answer that is cut short, and hands out records as a view', async () => {
    const id = 'AAECAwQFBgcICQoLDA0ODw';
    const set = Buffer.from('set');
    const writer = new RequestWriter().noTags().int32(0).int16(0).int32(0).uvarint(2).uuid(id).uvarint(2);
    writer.int32(4).int16(0).int64(90).int64(80).int64(10).uvarint(2).int64(7).int64(60).noTags().int32(-1);
    writer.uvarint(set.length + 1);
    for (const byte of set) writer.int8(byte);
    writer.noTags().noTags().noTags();
    const answer = Buffer.from(writer.buffer);
    const asked = { topic: 't', topicId: id, partition: 4, fetchOffset: 10, maxBytes: 1 };
    const { response } = fetch({
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1,
      isolation: 'read_committed',
      partitions: [asked],
    });
    const { partitions } = await response.parse(await response.decode(answer));
    const watermarks = { highWatermark: 90, lastStableOffset: 80, logStartOffset: 10 };
    expect(partitions).toMatchObject([{ topic: 't', partition: 4, errorCode: 0, ...watermarks }]);
    expect(partitions[0]!.abortedTransactions).toEqual([{ producerId: 7n, firstOffset: 60 }]);
    expect(partitions[0]!.recordSet!.buffer).toBe(answer.buffer);
    for (let length = 0; length < answer.length; length++) {
      await expect(response.decode(answer.subarray(0, length))).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    }
  });
});
