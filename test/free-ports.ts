import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const FIRST = 10_240;
/** Where Linux begins unless it is told otherwise. */
const CONNECTIONS_FROM = 32_768;
const TRIES_MAX = 10_000;

/**
 * Ports that nobody listens on now, all below those that the system gives to outgoing connections: one of these would be taken by
 * any connection while its server has not begun yet, or is down for a while.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const end = firstOfConnections();
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === TRIES_MAX) throw new Error(`There are no ${count} free ports from ${FIRST} to ${end - 1}`);
    const port = randomInt(FIRST, end);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function firstOfConnections(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
    return first > FIRST ? first : CONNECTIONS_FROM;
  } catch {
    return CONNECTIONS_FROM;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
