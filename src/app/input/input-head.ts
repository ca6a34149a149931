import { isUtf8 } from 'node:buffer';
import { extname } from 'node:path';
import { HeadraceError } from '../../errors.ts';

export const INPUT_FORMATS = ['ndjson', 'csv'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** What is looked at before the first row is read. */
export const HEAD_BYTES_MAX = 64 * 1024;
/** Text has no zero bytes; a row that holds some is still a row, so that it takes more of them to call a file binary. */
const ZERO_BYTES_SHARE_MAX = 0.05;
const INVALID_SHARE_MAX = 0.1;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes without UTF-8's byte order mark. */
export function withoutByteOrderMark(head: Buffer): Buffer {
  return head.subarray(0, 3).equals(BYTE_ORDER_MARK) ? head.subarray(3) : head;
}

/** Whether the head shows the first line whole. */
export function showsFirstLine(head: Buffer): boolean {
  const first = firstVisible(head);
  return first !== -1 && head.includes(0x0a, first);
}

/** Throws INPUT_INVALID where the input is empty, UTF-16 or not text. */
export function checkIsText(name: string, head: Buffer): void {
  if (head.length === 0) throw invalid(name, 'is empty');
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw invalid(name, 'is UTF-16; convert it to UTF-8 first');
  }
  if (isBinary(head)) throw invalid(name, 'is not text; expected NDJSON or CSV in UTF-8, plain or gzip');
  if (firstVisible(head) === -1 && head.length < HEAD_BYTES_MAX) throw invalid(name, 'holds nothing but blank lines');
}

/** The format that the name's ending says, else what the first character says: `{` begins NDJSON. */
export function formatOf(path: string, head: Buffer): InputFormat {
  const ending = extname(path.toLowerCase().replace(/\.(?:gz|gzip)$/, ''));
  if (ending === '.csv' || ending === '.tsv') return 'csv';
  if (ending === '.ndjson' || ending === '.jsonl' || ending === '.json') return 'ndjson';
  return head[firstVisible(head)] === 0x7b ? 'ndjson' : 'csv';
}

/** A JSON array reads like NDJSON to the eye only. */
export function checkIsNdjson(name: string, head: Buffer): void {
  if (head[firstVisible(head)] === 0x5b) {
    throw invalid(name, 'begins with [: a JSON array; expected NDJSON, one object on each line (jq -c ".[]" makes it)');
  }
}

export function invalid(name: string, problem: string, line?: number): HeadraceError {
  return new HeadraceError('INPUT_INVALID', `${name} ${problem}`, {
    where: { file: name, ...(line === undefined ? {} : { line }) },
  });
}

function isBinary(head: Buffer): boolean {
  let zeros = 0;
  for (const byte of head) if (byte === 0) zeros++;
  if (zeros === 0) return false;
  const lineFeed = head.indexOf(0x0a);
  const firstLine = lineFeed === -1 ? head : head.subarray(0, lineFeed);
  if (firstLine.includes(0) || !isUtf8(firstLine)) return true;
  let invalidCharacters = 0;
  const text = head.toString('utf8');
  for (let at = text.indexOf('\ufffd'); at !== -1; at = text.indexOf('\ufffd', at + 1)) invalidCharacters++;
  return zeros > head.length * ZERO_BYTES_SHARE_MAX || invalidCharacters > text.length * INVALID_SHARE_MAX;
}

function firstVisible(head: Buffer): number {
  return head.findIndex((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
}
