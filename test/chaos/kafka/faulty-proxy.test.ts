import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/random.ts';
import { freePorts } from '../../free-ports.ts';
import { type Fate, FaultyProxy } from './faulty-proxy.ts';
import { FrameReader } from './frame-reader.ts';

/** A request as Kafka frames it: length, its number, version 0, the number of its answer, some bytes. */
function request(apiKey: number, number: number, bytes = 5): Buffer {
  const frame = Buffer.alloc(12 + bytes, number);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt16BE(0, 6);
  frame.writeInt32BE(number, 8);
  return frame;
}

describe('a proxy that harms requests', () => {
  let broker: Server;
  let proxy: FaultyProxy;
  let client: Socket;
  /** Numbers of requests as the broker sees them, and of answers as the client does. */
  let seen: number[];
  let answers: number[];
  let isClosed: boolean;
  const fates = new Map<number, Fate>();

  beforeEach(async () => {
    [seen, answers, isClosed] = [[], [], false];
    const [brokerPort, proxyPort] = await freePorts(2);
    broker = createServer((socket) => {
      const frames = new FrameReader();
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        for (const frame of frames.read(chunk)) {
          seen.push(frame.readInt32BE(8));
          const answer = Buffer.alloc(8);
          answer.writeInt32BE(4, 0);
          answer.writeInt32BE(frame.readInt32BE(8), 4);
          socket.write(answer);
        }
      });
    }).listen(brokerPort, '127.0.0.1');
    proxy = new FaultyProxy({
      targetPort: brokerPort!,
      random: seededRandom(1),
      fateOf: (apiKey) => fates.get(apiKey) ?? 'pass',
      lateMaxMs: 80,
      onFate: () => undefined,
    });
    await proxy.listen(proxyPort!);
    client = connect(proxyPort!, '127.0.0.1');
    const frames = new FrameReader();
    client.on('data', (chunk: Buffer) => {
      for (const frame of frames.read(chunk)) answers.push(frame.readInt32BE(4));
    });
    client.on('error', () => undefined);
    const own = client;
    own.on('close', () => {
      if (own === client) isClosed = true;
    });
  });
  afterEach(() => {
    fates.clear();
    client.destroy();
    proxy.close();
    broker.close();
  });

  const settled = () => new Promise((resolve) => setTimeout(resolve, 150));

  it('passes what is whole, also where it comes in pieces', async () => {
    const bytes = Buffer.concat([request(0, 1, 3_000), request(1, 2), request(26, 3)]);
    for (let at = 0; at < bytes.length; at += 700) {
      client.write(bytes.subarray(at, at + 700));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await settled();
    expect([seen, answers, isClosed]).toEqual([[1, 2, 3], [1, 2, 3], false]);
  });

  it.each<[Fate, readonly number[], readonly number[], boolean]>([
    ['late', [1, 2, 3], [1, 2, 3], false],
    ['cut', [1], [1], true],
    ['loseAnswer', [1, 2], [1], true],
    ['answerTwice', [1, 2, 3], [1, 2, 2, 3], false],
    ['sendTwice', [1, 2, 2, 3], [1, 2, 3], false],
  ])('%s: the broker sees %j, the client is answered %j', async (fate, toBroker, toClient, isCut) => {
    fates.set(26, fate);
    client.write(request(0, 1));
    await settled();
    client.write(Buffer.concat([request(26, 2), request(0, 3)]));
    await settled();
    expect(seen.slice(0, toBroker.length)).toEqual(toBroker);
    expect([answers, isClosed]).toEqual([toClient, isCut]);
  });
});
