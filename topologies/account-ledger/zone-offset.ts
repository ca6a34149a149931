import { HeadraceError } from 'headrace';

/** A zone's offset from UTC in milliseconds at a moment. Throws TOPOLOGY_INVALID for a name that this machine does not know. */
export function zoneOffset(zone: string): (moment: number) => number {
  if (zone === 'UTC') return () => 0;
  const format = formatOf(zone);
  return remembered((moment) => {
    const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type)!;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return local - Math.floor(moment / 1_000) * 1_000;
  });
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new HeadraceError('TOPOLOGY_INVALID', `${JSON.stringify(zone)} is no time zone that this machine knows`, {
      cause,
    });
  }
}

/** No zone has changed its clocks twice within as long. */
const SLOT_MS = 6 * 3_600_000;
/** About eleven years of slots. */
const SLOTS_MAX = 16_384;

/** Asking Intl costs 8 µs, more than all the rules; in a slot at whose ends the offset is the same, it is the same throughout. */
function remembered(offsetAt: (moment: number) => number): (moment: number) => number {
  const offsets = new Map<number, number | 'changes'>();
  return (moment) => {
    const slot = Math.floor(moment / SLOT_MS);
    let offset = offsets.get(slot);
    if (offset === undefined) {
      const first = offsetAt(slot * SLOT_MS);
      offset = first === offsetAt((slot + 1) * SLOT_MS - 1) ? first : 'changes';
      if (offsets.size >= SLOTS_MAX) offsets.clear();
      offsets.set(slot, offset);
    }
    return offset === 'changes' ? offsetAt(moment) : offset;
  };
}
