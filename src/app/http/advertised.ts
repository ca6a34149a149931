import { hostname } from 'node:os';
import { HeadraceError } from '../../errors.ts';

/**
 * The address under which other instances reach a server: what is given, else where it listens; a server that listens everywhere is at the
 * name of its machine. A URL without a path. Throws USAGE for what is none.
 */
export function advertisedAddress(listening: string, host: string | undefined, advertise: string | undefined): string {
  if (advertise !== undefined) return addressOf(advertise);
  const url = new URL(listening);
  if (host === '0.0.0.0' || host === '::') url.hostname = hostname();
  return url.origin;
}

/** The same for a further server of the same process, which listens at a port of its own. */
export function addressBeside(address: string, listening: string): string {
  const url = new URL(address);
  url.port = new URL(listening).port;
  return url.origin;
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAddress = url !== undefined && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname);
  if (isAddress && url.search === '' && url.hash === '' && url.username === '') return url.origin;
  throw new HeadraceError(
    'USAGE',
    `--advertise takes the address under which the other instances reach this one, such as http://host-1:8080, not ${JSON.stringify(text)}`,
  );
}
