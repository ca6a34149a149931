import { toTwosComplement } from '../../../src/serde/avro/amounts.ts';
import { ByteWriter } from '../../../src/serde/avro/byte-writer.ts';
import { isDecimal, type RawValue } from '../../../src/serde/avro/raw-value.ts';
import type { AvroType } from '../../../src/serde/avro/schema.ts';

/** The Avro bytes of a raw value, as any producer would write them. */
export function encodeRaw(type: AvroType, value: RawValue): Uint8Array {
  const out = new ByteWriter();
  write(type, value, out);
  return out.bytes();
}

/** The same behind Confluent's frame. */
export function framedRaw(id: number, type: AvroType, value: RawValue): Uint8Array {
  return Buffer.concat([
    Buffer.from([0, id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff]),
    encodeRaw(type, value),
  ]);
}

function write(type: AvroType, value: RawValue, out: ByteWriter): void {
  const list = value as readonly RawValue[];
  switch (type.kind) {
    case 'null':
      return;
    case 'boolean':
      out.byte(value === true ? 1 : 0);
      return;
    case 'int':
    case 'long':
      out.varint(value as number | bigint);
      return;
    case 'float':
      out.float(value as number, 32);
      return;
    case 'double':
      out.float(value as number, 64);
      return;
    case 'string':
      out.text(value as string);
      return;
    case 'enum':
      out.varint(type.symbols.indexOf(value as string));
      return;
    case 'bytes':
    case 'fixed': {
      const bytes = isDecimal(type) ? decimalBytes(type, value as bigint) : (value as Uint8Array);
      if (type.kind === 'bytes') out.varint(bytes.length);
      out.raw(bytes);
      return;
    }
    case 'record':
      for (const [at, field] of type.fields.entries()) write(field.type, list[at]!, out);
      return;
    case 'array':
    case 'map':
      if (list.length > 0) out.varint(list.length);
      for (const item of list) {
        if (type.kind === 'array') write(type.items, item, out);
        else {
          const [key, inner] = item as readonly [string, RawValue];
          out.text(key);
          write(type.values, inner, out);
        }
      }
      out.varint(0);
      return;
    case 'union': {
      const at = type.branches.findIndex(({ kind }) => (kind === 'null') === (value === null));
      out.varint(at);
      write(type.branches[at]!, value, out);
    }
  }
}

function decimalBytes(type: AvroType, value: bigint): Uint8Array {
  const shortest = toTwosComplement(value);
  if (type.kind !== 'fixed') return shortest;
  const sign = new Uint8Array(type.size - shortest.length).fill(value < 0n ? 0xff : 0);
  return Buffer.concat([sign, shortest]);
}
