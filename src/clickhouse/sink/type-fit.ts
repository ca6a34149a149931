import type { ClickHouse } from '../clickhouse.ts';

/**
 * Whether a column of a table takes values that are written as `written`, none of them changed in silence. What the engine checks itself,
 * text above all, is for it to judge, row by row. A server reads RowBinary by the types of its table, so that only the
 * same bytes will do; the embedded engine is told how to read them and converts.
 */
export function takesType(column: string, written: string, kind: ClickHouse['kind']): boolean {
  const [to, from] = [plain(column), plain(written)];
  if (to === from) return true;
  return kind === 'server' ? to === 'UInt8' && from === 'Bool' : converts(to, from);
}

/** Without what changes nothing: dictionaries, zones, and quotes around the names of a tuple's elements. */
function plain(type: string): string {
  return type
    .replaceAll('`', '')
    .replaceAll(/LowCardinality\(((?:[^()]|\([^()]*\))*)\)/g, '$1')
    .replaceAll(/(DateTime64\(\d)(?:, '[^']*')?\)/g, '$1)')
    .replaceAll(/DateTime\('[^']*'\)/g, 'DateTime');
}

function converts(to: string, from: string): boolean {
  if (to === from) return true;
  const [toInner, fromInner] = [insideOf('Nullable', to), insideOf('Nullable', from)];
  // A null in a column that takes none is refused by the engine.
  if (toInner !== undefined || fromInner !== undefined) return converts(toInner ?? to, fromInner ?? from);
  const [toItem, fromItem] = [insideOf('Array', to), insideOf('Array', from)];
  if (toItem !== undefined && fromItem !== undefined) return converts(toItem, fromItem);
  // The engine parses text and refuses what it cannot; it writes whole numbers and days as text without loss.
  if (from === 'String') return toItem === undefined;
  const moment = (type: string) => /^DateTime64\((\d)\)$/.exec(type)?.[1];
  const [toDigits, fromDigits] = [moment(to), moment(from)];
  if (toDigits !== undefined && fromDigits !== undefined) return Number(toDigits) >= Number(fromDigits);
  const source = rangeOf(from);
  if (source === undefined) return to === 'String';
  if (to === 'String' || /^Decimal/.test(to)) return true;
  const target = rangeOf(to);
  return target !== undefined && target[0] <= source[0] && target[1] >= source[1];
}

function insideOf(wrapper: string, type: string): string | undefined {
  return type.startsWith(`${wrapper}(`) && type.endsWith(')') ? type.slice(wrapper.length + 1, -1) : undefined;
}

/** What an integer type holds. */
function rangeOf(type: string): readonly [min: bigint, max: bigint] | undefined {
  if (type === 'Bool') return [0n, 1n];
  const [, unsigned, digits] = /^(U?)Int(8|16|32|64|128|256)$/.exec(type) ?? [];
  if (digits === undefined) return undefined;
  const bits = BigInt(digits);
  return unsigned === 'U' ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}
