import { isUtf8 } from 'node:buffer';
import type { RejectedRow } from './input-row.ts';
import type { RawRow } from './row-splitter.ts';

/** A row as text: UTF-8, or else one character for each byte, so that nothing of it is lost. */
export function rawText(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** Why the row can't be read as text, whatever its format. */
export function brokenRow({ line, bytes, problem }: RawRow): RejectedRow | undefined {
  if (problem !== undefined) return { kind: 'rejected', line, reason: problem, raw: rawText(bytes) };
  if (!isUtf8(bytes)) return { kind: 'rejected', line, reason: 'is not valid UTF-8', raw: rawText(bytes) };
  return undefined;
}

export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  return true;
}
